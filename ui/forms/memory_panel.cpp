// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/memory_panel.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace mpo {

namespace {

/// What the lengths of the data depend on.
std::string dataOf(const TrainStage& command)
{
    return command.model + '\n' + command.data + '\n' + command.split + '\n' + command.splitBucket + '\n'
        + std::to_string(command.limit);
}

} // namespace

MemoryPanel::MemoryPanel(Project& project, QWidget* parent)
    : QWidget(parent)
    , m_project(project)
    , m_text(makeHint({}, this))
    , m_proposal(new QPushButton(this))
{
    m_text->setObjectName(QStringLiteral("memory"));
    m_text->setTextFormat(Qt::PlainText);
    m_proposal->setObjectName(QStringLiteral("memoryProposal"));
    setRole(m_proposal, "link");
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    layout->addWidget(m_text);
    layout->addWidget(m_proposal, 0, Qt::AlignLeft);
    m_proposal->hide();
    hide();
    connect(m_proposal, &QPushButton::clicked, this, [this] { Q_EMIT proposalChosen(m_settings); });
    m_thread = std::jthread([this](const std::stop_token& quit) { run(quit); });
}

MemoryPanel::~MemoryPanel() = default;

QString MemoryPanel::text() const { return isHidden() ? QString() : m_text->text(); }

void MemoryPanel::ask(const TrainStage& command)
{
    {
        const std::lock_guard lock(m_mutex);
        m_wanted = command;
        ++m_number;
    }
    m_wake.notify_one();
}

void MemoryPanel::clear()
{
    {
        const std::lock_guard lock(m_mutex);
        m_wanted.reset();
        ++m_number;
    }
    hide();
}

void MemoryPanel::run(const std::stop_token& quit)
{
    std::string data;
    std::vector<RowLengths> rows;
    while (true) {
        TrainStage command;
        int number = 0;
        {
            std::unique_lock lock(m_mutex);
            if (!m_wake.wait(lock, quit, [this] { return m_wanted.has_value(); }))
                return;
            command = *std::exchange(m_wanted, std::nullopt);
            number = m_number;
        }
        const auto deliver = [this, number](auto show) {
            QMetaObject::invokeMethod(
                this,
                [this, number, show] {
                    {
                        const std::lock_guard lock(m_mutex);
                        if (number != m_number)
                            return;
                    }
                    show();
                },
                Qt::QueuedConnection);
        };
        try {
            if (data != dataOf(command)) {
                data.clear();
                rows = rowLengths(m_project, command, quit);
                if (quit.stop_requested())
                    return;
                data = dataOf(command);
            }
            deliver([this, result = preflight(m_project, command, rows)] { show(result); });
        } catch (const std::exception& error) {
            deliver([this, sentence = toQString(error.what())] { showProblem(sentence); });
        }
    }
}

void MemoryPanel::show(const Preflight& result)
{
    m_text->setText(toQString(result.sentence()) + QLatin1Char('.'));
    setRole(m_text, result.fits ? "hint" : "error");
    QStringList lines;
    for (const MemoryPart& part : result.need.parts)
        lines << QStringLiteral("%1 %2: %3")
                     .arg(toQString(memoryText(part.bytes)),
                         toQString(part.name).replace(QLatin1Char('_'), QLatin1Char(' ')), toQString(part.what));
    lines << tr("%1 this program").arg(toQString(memoryText(result.need.base)));
    m_text->setToolTip(lines.join(QLatin1Char('\n')));
    m_proposal->setVisible(!result.proposals.empty());
    if (!result.proposals.empty()) {
        const MemoryProposal& best = result.proposals.front();
        QStringList changes;
        for (const auto& [name, value] : best.settings)
            changes << QStringLiteral("%1 = %2").arg(toQString(name), toQString(value));
        m_settings = best.settings;
        m_proposal->setText(tr("Use %1").arg(changes.join(QStringLiteral(", "))));
        m_proposal->setToolTip(
            tr("%1. It needs %2 then.").arg(toQString(best.sentence), toQString(memoryText(best.total))));
    }
    QWidget::show();
}

/// The form says itself what is missing; a model that cannot be read is told when it is started.
void MemoryPanel::showProblem(const QString& sentence)
{
    m_text->setText(tr("The memory it needs is not known."));
    m_text->setToolTip(sentence);
    setRole(m_text, "hint");
    m_proposal->hide();
    QWidget::show();
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/hub_panel.h"

#include "core/hub/hub_paths.h"
#include "core/store/project.h"
#include "ui/format.h"
#include "ui/models/cached_model_table.h"
#include "ui/notice.h"
#include "ui/pages/empty_state.h"
#include "ui/pages/work_progress.h"
#include "ui/style.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>

#include <array>
#include <set>

namespace mpo {

HubPanel::HubPanel(EngineBridge& bridge, QWidget* parent)
    : QWidget(parent)
    , m_bridge(bridge)
    , m_model(new CachedModelTable(this))
    , m_table(new QTableView)
    , m_empty(new EmptyState)
    , m_name(new QLineEdit)
    , m_download(new QPushButton(tr("Download")))
    , m_work(new QWidget)
    , m_progress(new WorkProgress)
    , m_cancel(new QPushButton(tr("Cancel")))
    , m_notice(new Notice)
    , m_place(makeHint({}))
{
    m_name->setPlaceholderText(tr("ORG/NAME on huggingface.co"));
    m_name->setAccessibleName(tr("Model to download"));
    m_name->setClearButtonEnabled(true);
    m_name->setToolTip(
        tr("Name of a model on the hub, ORG/NAME or ORG/NAME@REVISION. Its safetensors weights, settings and tokenizer "
           "are fetched into the cache, where transformers finds them too."));
    m_cancel->setToolTip(tr("What has come in is kept for the next time"));
    auto* fetch = new QHBoxLayout;
    fetch->setSpacing(kSpace);
    fetch->addWidget(m_name, 1);
    fetch->addWidget(m_download);

    auto* work = new QHBoxLayout(m_work);
    work->setContentsMargins(0, 0, 0, 0);
    work->setSpacing(2 * kSpace);
    work->addWidget(m_progress, 1);
    work->addWidget(m_cancel);
    m_work->hide();
    m_notice->label()->setObjectName(QStringLiteral("hubError"));

    m_table->setModel(m_model);
    m_table->setAccessibleName(tr("Models in the Hugging Face cache"));
    setTableLook(m_table);
    constexpr std::array widths {300, 88, 92, 112};
    QHeaderView* header = m_table->horizontalHeader();
    for (int column = 0; column < int(widths.size()); ++column)
        header->resizeSection(column, widths[std::size_t(column)]);
    header->setStretchLastSection(false);
    header->setSectionResizeMode(CachedModelTable::State, QHeaderView::Stretch);
    header->setSectionResizeMode(CachedModelTable::Action, QHeaderView::Fixed);
    header->resizeSection(CachedModelTable::Action, 132);
    m_place->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_empty->setTexts(tr("The Hugging Face cache is empty"),
        tr("Models that transformers or this program downloads appear here. They stay where they are: the project only "
           "refers to them."));

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(fetch);
    layout->addWidget(m_work);
    layout->addWidget(m_notice);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_empty, 1);
    layout->addWidget(m_place);

    const auto start = [this] {
        if (const auto wanted = wantedIn(m_name->text()); wanted && !m_bridge.busy())
            download(*wanted);
    };
    connect(m_download, &QPushButton::clicked, this, start);
    connect(m_name, &QLineEdit::returnPressed, this, start);
    connect(m_name, &QLineEdit::textChanged, this, &HubPanel::showState);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        m_cancel->setEnabled(false);
        m_bridge.cancel();
    });
    connect(m_table, &QTableView::doubleClicked, this, [this](const QModelIndex& index) { act(index.row()); });
    connect(&m_bridge, &EngineBridge::busyChanged, this, &HubPanel::showState);
    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_what.isEmpty())
            return;
        m_share = event.share;
        m_progress->showProgress(toQString(event.what), event.share, toQString(event.detail));
    });
    // A lost connection is tried again: said where the progress stands still.
    connect(&m_bridge, &EngineBridge::logLine, this, [this](const LogLine& line) {
        if (!m_what.isEmpty() && line.level == LogLine::Level::Warning)
            m_progress->showProgress(m_what, m_share, toQString(line.text));
    });
    connect(&m_bridge, &EngineBridge::modelSaved, this, [this] {
        if (isVisible())
            refresh();
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, &HubPanel::finished);
    m_table->hide();
    m_empty->hide();
    showState();
}

std::optional<DownloadModel> HubPanel::wantedIn(const QString& text)
{
    QString name = text.trimmed();
    DownloadModel wanted;
    if (name.contains(QLatin1String("://"))) { // the page of a model: /ORG/NAME[/tree/REVISION]
        const QStringList parts = QUrl(name).path().split(QLatin1Char('/'), Qt::SkipEmptyParts);
        name = parts.mid(0, 2).join(QLatin1Char('/'));
        if (parts.size() >= 4 && parts[2] == QLatin1String("tree"))
            wanted.revision = parts.mid(3).join(QLatin1Char('/')).toStdString();
    } else if (const auto at = name.indexOf(QLatin1Char('@')); at >= 0) {
        wanted.revision = name.mid(at + 1).toStdString();
        name.truncate(at);
    }
    wanted.repository = name.toStdString();
    if (!name.contains(QLatin1Char('/')) || !isRepositoryName(wanted.repository) || !isRevision(wanted.revision))
        return std::nullopt;
    return wanted;
}

void HubPanel::refresh()
{
    if (std::exchange(m_reading, true)) {
        m_again = true;
        return;
    }
    m_reader = std::jthread([this, cache = std::filesystem::absolute(hubCacheFolder()).lexically_normal()] {
        auto models = std::make_shared<const std::vector<CachedModel>>(cachedModels(cache));
        QMetaObject::invokeMethod(
            this,
            [this, models] {
                m_reading = false;
                if (std::exchange(m_again, false))
                    refresh();
                else
                    showModels(*models);
            },
            Qt::QueuedConnection);
    });
}

void HubPanel::showModels(const std::vector<CachedModel>& models)
{
    std::set<std::string> inProject;
    for (const ModelRow& row : m_bridge.project().models()) {
        inProject.insert(row.folder);
        if (row.parent)
            inProject.insert(*row.parent); // where a copy came from
    }
    m_buttons.clear();
    m_model->setModels(models, std::move(inProject));
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const auto offer = m_model->offer(row);
        if (offer == CachedModelTable::Offer::None)
            continue;
        const bool add = offer == CachedModelTable::Offer::Add;
        auto* button = new QPushButton(add ? tr("Add to project") : tr("Fetch the rest"));
        button->setToolTip(
            add ? tr("The project refers to the model; it stays in the cache") : tr("Download what is missing"));
        button->setAccessibleName(QStringLiteral("%1: %2").arg(button->text(), m_model->name(row)));
        setRole(button, "link");
        connect(button, &QPushButton::clicked, this, [this, row] { act(row); });
        m_table->setIndexWidget(m_model->index(row, CachedModelTable::Action), button);
        m_buttons.push_back(button);
    }
    const bool any = m_model->rowCount() > 0;
    m_table->setVisible(any);
    m_empty->setVisible(!any);
    std::uint64_t bytes = 0;
    for (const CachedModel& model : models)
        bytes += model.bytes;
    const QString folder = formatFolder(QString::fromStdString(hubCacheFolder().string()));
    m_place->setText(any ? tr("%1 in %2").arg(toQString(bytesText(bytes)), folder) : folder);
    showState();
    Q_EMIT cacheRead();
}

void HubPanel::showState()
{
    const bool busy = m_bridge.busy();
    m_download->setEnabled(!busy && wantedIn(m_name->text()));
    m_download->setToolTip(busy ? tr("Something is running; download when it has finished.") : QString());
    for (QPushButton* button : m_buttons)
        button->setEnabled(!busy);
    m_work->setVisible(!m_what.isEmpty());
}

void HubPanel::act(int row)
{
    if (row < 0 || m_bridge.busy())
        return;
    if (m_model->offer(row) == CachedModelTable::Offer::Add)
        post(AddModel {m_model->name(row).toStdString(), {}}, tr("Adding %1").arg(m_model->name(row)));
    else if (const auto wanted = wantedIn(m_model->name(row)); m_model->offer(row) == CachedModelTable::Offer::Fetch)
        download(wanted.value_or(DownloadModel {m_model->repository(row).toStdString(), "main", {}}));
}

void HubPanel::download(const DownloadModel& command)
{
    post(command, tr("Downloading %1").arg(toQString(command.repository)));
}

void HubPanel::post(Command command, const QString& what)
{
    m_what = what;
    m_share = -1.0;
    m_notice->clear();
    m_cancel->setEnabled(true);
    m_progress->showProgress(m_what, m_share, {});
    m_bridge.post(std::move(command));
    showState();
}

void HubPanel::finished(const CommandFinished& event)
{
    if (std::exchange(m_what, QString()).isEmpty())
        return;
    if (event.outcome == CommandFinished::Outcome::Failed)
        m_notice->say(toQString(event.message), true);
    if (event.outcome == CommandFinished::Outcome::Cancelled)
        Q_EMIT message(toQString(event.message));
    showState();
    refresh();
}

} // namespace mpo

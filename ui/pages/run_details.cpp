// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/run_details.h"

#include "core/hub/hub_cache.h"
#include "core/support/error.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QTimer>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr int kSaveMilliseconds = 800; ///< after the last key

QString tagText(const std::vector<std::string>& tags)
{
    QStringList list;
    for (const std::string& tag : tags)
        list << toQString(tag);
    return list.join(QStringLiteral(", "));
}

QLabel* makeCaption(const QString& text, QWidget* buddy)
{
    auto* label = new QLabel(text);
    setRole(label, "group");
    label->setBuddy(buddy);
    return label;
}

} // namespace

RunDetails::RunDetails(Project& project, QWidget* parent)
    : QWidget(parent)
    , m_project(project)
    , m_title(makeHeading({}))
    , m_lines(makeHint({}))
    , m_disk(makeHint({}))
    , m_tags(new QLineEdit)
    , m_note(new QPlainTextEdit)
    , m_delete(new QPushButton(tr("Delete")))
    , m_noteTimer(new QTimer(this))
{
    m_title->setWordWrap(true);
    m_lines->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_tags->setPlaceholderText(tr("baseline, good"));
    m_tags->setToolTip(tr("Words of your own, separated by commas; the search finds them"));
    m_tags->setAccessibleName(tr("Tags"));
    m_note->setPlaceholderText(tr("What was tried here, and what came of it"));
    m_note->setAccessibleName(tr("Note"));
    m_note->setTabChangesFocus(true);
    m_note->setMinimumHeight(6 * kSpace);
    m_note->installEventFilter(this);
    setRole(m_delete, "danger");
    m_delete->setToolTip(tr("Delete (Del); it can be undone. Models that the run made stay."));

    auto* foot = new QHBoxLayout;
    foot->addWidget(m_disk, 1);
    foot->addWidget(m_delete);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, 2 * kSpace);
    layout->setSpacing(kSpace / 2);
    layout->addWidget(m_title);
    layout->addWidget(m_lines);
    layout->addSpacing(kSpace);
    layout->addWidget(makeCaption(tr("&Tags"), m_tags));
    layout->addWidget(m_tags);
    layout->addSpacing(kSpace / 2);
    layout->addWidget(makeCaption(tr("N&ote"), m_note));
    layout->addWidget(m_note, 1);
    layout->addSpacing(kSpace / 2);
    layout->addLayout(foot);

    m_noteTimer->setSingleShot(true);
    m_noteTimer->setInterval(kSaveMilliseconds);
    connect(m_noteTimer, &QTimer::timeout, this, &RunDetails::saveNote);
    connect(m_note, &QPlainTextEdit::textChanged, m_noteTimer, qOverload<>(&QTimer::start));
    connect(m_tags, &QLineEdit::editingFinished, this, &RunDetails::saveTags);
    connect(m_delete, &QPushButton::clicked, this, &RunDetails::deleteRequested);
}

void RunDetails::showRun(const RunRow& run, int chosen)
{
    saveNote();
    saveTags();
    const bool same = m_run && m_run->id == run.id;
    m_run = run;
    m_title->setText(tr("Run %1 · %2").arg(run.id).arg(toQString(run.stage)));
    QStringList lines;
    lines << (run.stage == "import" ? tr("Imported: %1").arg(toQString(run.name))
                                    : tr("Makes %1").arg(toQString(run.name)));
    QString note = toQString(run.message);
    if (const auto source = run.config.find("source"); source != run.config.end() && source->is_string()) {
        const QString from = toQString(source->get<std::string>());
        lines << tr("From %1").arg(formatFolder(from));
        if (note.startsWith(from + QStringLiteral(": "))) // said once
            note.remove(0, from.size() + 2);
    }
    if (!note.isEmpty())
        lines << note;
    m_lines->setText(lines.join(QLatin1Char('\n')));
    m_lines->setToolTip(m_lines->text()); // a small window may cut it
    const bool writable = m_project.access() == Project::Access::ReadWrite;
    m_tags->setEnabled(writable);
    m_note->setEnabled(writable);
    m_delete->setEnabled(writable && run.state != RunState::Running);
    m_delete->setText(chosen > 1 ? tr("Delete %1 runs").arg(chosen) : tr("Delete"));
    if (!same || !m_tags->hasFocus())
        m_tags->setText(tagText(run.tags));
    if (same && m_note->hasFocus())
        return; // what is being typed stays as it is
    const QSignalBlocker blocker(m_note);
    m_note->setPlainText(toQString(run.note));
    if (!same)
        m_disk->clear();
}

void RunDetails::setDiskUse(std::uint64_t bytes) { m_disk->setText(tr("%1 on disk").arg(toQString(bytesText(bytes)))); }

void RunDetails::saveTags()
{
    if (!m_run || !m_tags->isEnabled() || m_tags->text() == tagText(m_run->tags))
        return;
    std::vector<std::string> tags;
    for (const QString& tag : m_tags->text().split(QLatin1Char(',')))
        tags.push_back(tag.toStdString());
    try {
        m_project.setRunTags(m_run->id, tags);
        m_run->tags = m_project.run(m_run->id)->tags;
        m_tags->setText(tagText(m_run->tags));
        Q_EMIT tagsChanged(m_run->id, m_run->tags);
    } catch (const Error& error) {
        Q_EMIT failed(toQString(error.what()));
    }
}

void RunDetails::saveNote()
{
    m_noteTimer->stop();
    const std::string note = m_note->toPlainText().toStdString();
    if (!m_run || !m_note->isEnabled() || note == m_run->note)
        return;
    try {
        m_project.setRunNote(m_run->id, note);
        m_run->note = note;
        Q_EMIT noteChanged(m_run->id, note);
    } catch (const Error& error) {
        Q_EMIT failed(toQString(error.what()));
    }
}

bool RunDetails::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_note && event->type() == QEvent::FocusOut)
        saveNote();
    return QWidget::eventFilter(watched, event);
}

} // namespace mpo

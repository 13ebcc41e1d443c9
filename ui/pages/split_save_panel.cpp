// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_save_panel.h"

#include "ui/pages/split_drag.h"
#include "ui/style.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace mpo {

SplitSavePanel::SplitSavePanel(QWidget* parent)
    : QWidget(parent)
    , m_name(new QLineEdit)
    , m_save(new QPushButton(tr("Save split")))
    , m_export(new QPushButton(tr("Export ▾")))
    , m_note(makeHint({}))
    , m_undo(new QPushButton(tr("Undo")))
{
    m_name->setObjectName(QStringLiteral("splitName"));
    m_name->setPlaceholderText(tr("Name of the split"));
    m_save->setObjectName(QStringLiteral("saveSplit"));
    setRole(m_save, "primary");
    m_save->setEnabled(false);
    m_export->setObjectName(QStringLiteral("exportSplit"));
    m_export->setEnabled(false);
    m_export->setToolTip(tr("Write the pairs of both parts, or the scores with the part of each pair"));
    auto* kinds = new QMenu(m_export);
    kinds->addAction(tr("Easy and hard &pairs (JSON lines)…"), this, &SplitSavePanel::exportRequested);
    kinds->addAction(tr("&Scores of all pairs (CSV)…"), this, &SplitSavePanel::scoresRequested);
    m_export->setMenu(kinds);
    m_note->setObjectName(QStringLiteral("splitNote"));
    m_note->hide();
    m_undo->setObjectName(QStringLiteral("undoSave"));
    m_undo->setToolTip(tr("Put the split that was replaced back"));
    setRole(m_undo, "link");
    m_undo->hide();
    auto* nameLabel = new QLabel(tr("Name"));
    nameLabel->setBuddy(m_name);
    auto* nameRow = new QHBoxLayout;
    nameRow->setSpacing(kSpace);
    nameRow->addWidget(nameLabel);
    nameRow->addWidget(m_name, 1);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(kSpace);
    buttons->addWidget(m_save, 1);
    buttons->addWidget(m_export);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(nameRow);
    layout->addLayout(buttons);
    layout->addWidget(m_note);
    layout->addWidget(m_undo, 0, Qt::AlignLeft);
    layout->addStretch(1);
    layout->addWidget(makeCommand());

    m_commandTimer.setSingleShot(true);
    m_commandTimer.setInterval(kRestMilliseconds);
    connect(&m_commandTimer, &QTimer::timeout, this, [this] {
        if (m_command->toPlainText() != m_lines)
            m_command->setPlainText(m_lines);
    });
    connect(m_name, &QLineEdit::textChanged, this, &SplitSavePanel::nameChanged);
    connect(m_name, &QLineEdit::returnPressed, this, &SplitSavePanel::saveRequested);
    connect(m_save, &QPushButton::clicked, this, &SplitSavePanel::saveRequested);
    connect(m_undo, &QPushButton::clicked, this, &SplitSavePanel::undoRequested);
}

QWidget* SplitSavePanel::makeCommand()
{
    auto* box = new QWidget;
    box->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum); // gives way where the window is low
    m_command = new QPlainTextEdit;
    m_command->setObjectName(QStringLiteral("commandLine"));
    m_command->setReadOnly(true);
    m_command->setTabChangesFocus(true);
    m_command->setFont(monospaceFont());
    m_command->setStyleSheet(QStringLiteral("padding: 0")); // room for the path of a project
    m_command->setWordWrapMode(QTextOption::WrapAnywhere); // as a terminal does
    m_command->setAccessibleName(tr("Command line that makes the same split"));
    const int line = QFontMetrics(monospaceFont()).lineSpacing();
    m_command->setMinimumHeight(4 * line + 2 * kSpace);
    m_command->setMaximumHeight(9 * line + 2 * kSpace);
    auto* copy = new QPushButton(tr("Copy"));
    copy->setObjectName(QStringLiteral("copyCommand"));
    setRole(copy, "quiet");
    connect(copy, &QPushButton::clicked, this, [this] {
        QApplication::clipboard()->setText(m_line);
        Q_EMIT copied();
    });
    auto* label = new QLabel(tr("The same from a shell"));
    setRole(label, "group");
    label->setToolTip(tr("Run it while this window is closed: a project has one program that writes"));
    auto* head = new QHBoxLayout;
    head->addWidget(label, 1);
    head->addWidget(copy);
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    layout->addLayout(head);
    layout->addWidget(m_command);
    return box;
}

QString SplitSavePanel::name() const { return m_name->text().trimmed(); }

QString SplitSavePanel::nameOrProposal() const { return name().isEmpty() ? m_name->placeholderText() : name(); }

void SplitSavePanel::setName(const QString& name) { m_name->setText(name); }

void SplitSavePanel::setProposal(const QString& name) { m_name->setPlaceholderText(name); }

void SplitSavePanel::setSaveEnabled(bool on) { m_save->setEnabled(on); }

void SplitSavePanel::setExportEnabled(bool on) { m_export->setEnabled(on); }

bool SplitSavePanel::saveEnabled() const { return m_save->isEnabled(); }

void SplitSavePanel::showCommand(const QString& lines, const QString& line)
{
    m_lines = lines;
    m_line = line;
    m_commandTimer.start();
}

void SplitSavePanel::setReplaces(const QString& sentence)
{
    m_replaces = sentence;
    m_save->setText(sentence.isEmpty() ? tr("Save split") : tr("Replace split"));
    showNote();
}

void SplitSavePanel::say(const QString& sentence)
{
    m_said = sentence;
    offerUndo(false);
    showNote();
}

void SplitSavePanel::offerUndo(bool on) { m_undo->setVisible(on); }

void SplitSavePanel::showNote()
{
    const QString& text = m_said.isEmpty() ? m_replaces : m_said;
    m_note->setText(text);
    m_note->setVisible(!text.isEmpty());
}

} // namespace mpo

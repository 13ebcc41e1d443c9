// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_save_panel.h"

#include "ui/style.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace mpo {

SplitSavePanel::SplitSavePanel(QWidget* parent)
    : QWidget(parent)
    , m_name(new QLineEdit)
    , m_save(new QPushButton(tr("Save split")))
    , m_export(new QPushButton(tr("Export…")))
    , m_note(makeHint({}))
{
    m_name->setObjectName(QStringLiteral("splitName"));
    m_name->setPlaceholderText(tr("Name of the split"));
    m_save->setObjectName(QStringLiteral("saveSplit"));
    setRole(m_save, "primary");
    m_save->setEnabled(false);
    m_export->setObjectName(QStringLiteral("exportSplit"));
    m_export->setEnabled(false);
    m_export->setToolTip(tr("Write easy and hard pairs to two JSON-lines files (prompt, chosen, rejected)"));
    m_note->setObjectName(QStringLiteral("splitNote"));
    m_note->hide();
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
    layout->addStretch(1);
    layout->addWidget(makeCommand());

    connect(m_name, &QLineEdit::textChanged, this, &SplitSavePanel::nameChanged);
    connect(m_name, &QLineEdit::returnPressed, this, &SplitSavePanel::saveRequested);
    connect(m_save, &QPushButton::clicked, this, &SplitSavePanel::saveRequested);
    connect(m_export, &QPushButton::clicked, this, &SplitSavePanel::exportRequested);
}

QWidget* SplitSavePanel::makeCommand()
{
    auto* box = new QWidget;
    m_command = new QPlainTextEdit;
    m_command->setObjectName(QStringLiteral("commandLine"));
    m_command->setReadOnly(true);
    m_command->setTabChangesFocus(true);
    m_command->setFont(monospaceFont());
    m_command->setWordWrapMode(QTextOption::WrapAnywhere); // as a terminal does
    m_command->setAccessibleName(tr("Command line that makes the same split"));
    m_command->setFixedHeight(9 * QFontMetrics(monospaceFont()).lineSpacing() + 2 * kSpace);
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
    m_line = line;
    if (m_command->toPlainText() != lines)
        m_command->setPlainText(lines);
}

void SplitSavePanel::say(const QString& sentence)
{
    m_note->setText(sentence);
    m_note->setVisible(!sentence.isEmpty());
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_merge.h"

#include "core/engine/session_file.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QComboBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

namespace mpo {

EvaluateMerge::EvaluateMerge(Project& project, QWidget* parent)
    : QFrame(parent)
    , m_project(project)
    , m_title(makeHeading({}))
    , m_source(new QLineEdit)
    , m_sessionLabel(new QLabel(tr("Its &name there")))
    , m_session(new QComboBox)
    , m_annotator(new QLineEdit)
    , m_error(new QLabel)
    , m_merge(new QPushButton(tr("Add judgments")))
{
    setRole(this, "card");
    m_source->setObjectName(QStringLiteral("mergeSource"));
    m_source->setPlaceholderText(tr("Folder of another person's project (NAME.mpo), or a session file"));
    m_session->setObjectName(QStringLiteral("mergeSession"));
    m_sessionLabel->setBuddy(m_session);
    m_annotator->setObjectName(QStringLiteral("mergeAnnotator"));
    m_annotator->setPlaceholderText(tr("Whose those without a name are, if there are any"));
    m_error->setObjectName(QStringLiteral("mergeError"));
    m_error->setWordWrap(true);
    setRole(m_error, "error");
    m_merge->setObjectName(QStringLiteral("mergeJudgments"));
    setRole(m_merge, "primary");
    auto* folder = new QPushButton(tr("Project…"));
    auto* file = new QPushButton(tr("File…"));
    auto* cancel = new QPushButton(tr("Cancel"));
    cancel->setObjectName(QStringLiteral("cancelMerge"));
    connect(folder, &QPushButton::clicked, this,
        [this] { setSource(QFileDialog::getExistingDirectory(this, tr("The other project (NAME.mpo)"))); });
    connect(file, &QPushButton::clicked, this, [this] {
        setSource(QFileDialog::getOpenFileName(this, tr("A session file"), {}, tr("Session files (*.jsonl)")));
    });
    connect(cancel, &QPushButton::clicked, this, &EvaluateMerge::closed);
    connect(m_merge, &QPushButton::clicked, this, &EvaluateMerge::merge);
    connect(m_source, &QLineEdit::returnPressed, m_merge, &QPushButton::click);
    connect(m_source, &QLineEdit::textChanged, this, &EvaluateMerge::lookAtSource);

    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(2 * kSpace, kSpace + kSpace / 2, 2 * kSpace, kSpace + kSpace / 2);
    grid->setHorizontalSpacing(kSpace);
    grid->setVerticalSpacing(kSpace);
    grid->addWidget(m_title, 0, 0, 1, 6);
    auto* from = new QLabel(tr("&From"));
    from->setBuddy(m_source);
    grid->addWidget(from, 1, 0);
    grid->addWidget(m_source, 1, 1, 1, 3);
    grid->addWidget(folder, 1, 4);
    grid->addWidget(file, 1, 5);
    auto* whose = new QLabel(tr("&Annotator"));
    whose->setBuddy(m_annotator);
    grid->addWidget(whose, 2, 0);
    grid->addWidget(m_annotator, 2, 1);
    grid->addWidget(m_sessionLabel, 2, 2);
    grid->addWidget(m_session, 2, 3);
    grid->addWidget(cancel, 2, 4);
    grid->addWidget(m_merge, 2, 5);
    grid->addWidget(m_error, 3, 0, 1, 6);
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(3, 1);
}

void EvaluateMerge::open(const EvaluationRow& row, const QString& title)
{
    m_row = row;
    m_title->setText(tr("Add judgments to %1").arg(title));
    m_source->clear();
    m_annotator->clear();
    m_error->hide();
    lookAtSource();
    show();
    m_source->setFocus();
}

void EvaluateMerge::setSource(const QString& path)
{
    if (!path.isEmpty())
        m_source->setText(path);
}

void EvaluateMerge::lookAtSource()
{
    const std::filesystem::path path(m_source->text().trimmed().toStdString());
    m_merge->setEnabled(!path.empty());
    m_session->clear();
    m_error->hide();
    try {
        if (!path.empty() && Project::isProject(path))
            for (const EvaluationRow& row : Project::open(path, Project::Access::ReadOnly)->evaluations())
                if (row.items == m_row.items) // another one can be no copy; and names may give models away
                    m_session->addItem(row.name == m_row.name ? toQString(row.name) : tr("Session %1").arg(row.id),
                        toQString(row.name));
    } catch (const std::exception& error) {
        m_error->setText(toQString(error.what()));
        m_error->show();
    }
    const int same = m_session->findData(toQString(m_row.name));
    m_session->setCurrentIndex(std::max(same, m_session->count() > 0 ? 0 : -1));
    for (QWidget* widget : {static_cast<QWidget*>(m_session), static_cast<QWidget*>(m_sessionLabel)})
        widget->setVisible(m_session->count() > 1 || (m_session->count() == 1 && same < 0));
}

void EvaluateMerge::merge()
{
    try {
        const MergedJudgments merged = mergeSession(m_project, m_row.name, m_source->text().trimmed().toStdString(),
            m_session->currentData().toString().toStdString(), m_annotator->text().trimmed().toStdString());
        QString sentence
            = merged.added == 1 ? tr("1 judgment added") : tr("%1 judgments added").arg(formatCount(merged.added));
        if (merged.known > 0)
            sentence += tr(", %1 were there already").arg(formatCount(merged.known));
        if (merged.replaced > 0)
            sentence += tr(", %1 replaced by later ones").arg(formatCount(merged.replaced));
        if (merged.older > 0)
            sentence += tr(", %1 older left out").arg(formatCount(merged.older));
        Q_EMIT this->merged(sentence + QLatin1Char('.'));
    } catch (const std::exception& error) {
        m_error->setText(
            toQString(error.what()).replace(QLatin1String("(--annotator NAME)"), tr("(in the field Annotator)")));
        m_error->show();
    }
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_who.h"

#include "core/engine/evaluation_report.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QCoreApplication>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>

#include <set>

namespace mpo {

namespace {

constexpr char kNameKey[] = "annotator";
constexpr int kMostListed = 8;

} // namespace

std::vector<AnnotatorProgress> annotatorProgress(const Project& project, const EvaluationRow& row)
{
    std::set<std::string> names;
    for (const AnnotatorRow& annotator : project.annotators(row.id))
        if (!annotator.name.starts_with(kModelJudgePrefix))
            names.insert(annotator.name);
    for (const auto& [name, share] : sharesTaken(project, row))
        names.insert(name);
    std::vector<AnnotatorProgress> all;
    for (const std::string& name : names) {
        AnnotatorProgress one {toQString(name), 0, 0};
        for (const EvaluationItemRow& item : project.evaluationItems(row.id, name)) {
            ++one.items;
            one.judged += item.verdict ? 1 : 0;
        }
        all.push_back(one);
    }
    return all;
}

QString annotatorTitle(const QString& name)
{
    return name.isEmpty() ? QCoreApplication::translate("mpo::EvaluateWho", "without a name") : name;
}

EvaluateWho::EvaluateWho(Project& project, QWidget* parent)
    : QFrame(parent)
    , m_project(project)
    , m_hint(makeHint({}))
    , m_name(new QLineEdit)
    , m_shareLabel(new QLabel)
    , m_share(new QSpinBox)
    , m_error(new QLabel)
    , m_known(new QWidget)
    , m_knownGrid(new QGridLayout(m_known))
{
    setRole(this, "card");
    m_hint->setObjectName(QStringLiteral("whoHint"));
    m_name->setObjectName(QStringLiteral("annotator"));
    m_name->setMaxLength(80);
    m_name->setPlaceholderText(tr("Your name or initials"));
    m_share->setObjectName(QStringLiteral("annotatorNumber"));
    m_share->setToolTip(tr("The items are divided: each annotator has a number, and with it a part of them. Whoever "
                           "made the session says which number is yours."));
    m_shareLabel->setBuddy(m_share);
    m_error->setObjectName(QStringLiteral("whoError"));
    setRole(m_error, "error");
    m_error->setWordWrap(true);
    m_error->hide();
    auto* begin = new QPushButton(tr("Start judging   [Enter]"));
    begin->setObjectName(QStringLiteral("startJudging"));
    setRole(begin, "primary");
    connect(begin, &QPushButton::clicked, this, &EvaluateWho::start);
    connect(m_name, &QLineEdit::returnPressed, this, &EvaluateWho::start);

    auto* name = new QLabel(tr("&Name"));
    name->setBuddy(m_name);
    auto* row = new QHBoxLayout;
    row->setSpacing(kSpace);
    row->addWidget(name);
    row->addWidget(m_name, 1);
    row->addWidget(m_shareLabel);
    row->addWidget(m_share);
    m_knownGrid->setContentsMargins(0, 0, 0, 0);
    m_knownGrid->setHorizontalSpacing(2 * kSpace);
    m_knownGrid->setVerticalSpacing(kSpace / 2);
    m_knownGrid->setColumnStretch(0, 1);
    auto* foot = new QHBoxLayout;
    foot->addStretch();
    foot->addWidget(begin);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, 2 * kSpace);
    layout->setSpacing(kSpace + kSpace / 2);
    layout->addWidget(makeHeading(tr("Who judges?")));
    layout->addWidget(m_hint);
    layout->addLayout(row);
    layout->addWidget(m_error);
    layout->addLayout(foot);
    layout->addWidget(m_known);
}

void EvaluateWho::open(const EvaluationRow& row)
{
    const Overlap overlap = overlapOf(row);
    QString hint = tr("Every annotator has an order and sides of their own. The name stands beside your verdicts in "
                      "results and exported files.");
    if (overlap.divides())
        hint += QLatin1Char(' ')
            + tr("The session was made for %1 annotators; each item goes to %2 of them.")
                  .arg(overlap.annotators)
                  .arg(overlap.perItem);
    else if (overlap.annotators > 1)
        hint += QLatin1Char(' ')
            + tr("The session was made for %1 annotators, who all judge every item.").arg(overlap.annotators);
    else
        hint += QLatin1Char(' ') + tr("Judging alone you may leave it empty.");
    m_hint->setText(hint);
    m_error->hide();
    m_shareLabel->setText(tr("Num&ber, 1 to %1").arg(overlap.annotators));
    for (QWidget* widget : {static_cast<QWidget*>(m_shareLabel), static_cast<QWidget*>(m_share)})
        widget->setVisible(overlap.divides());
    m_share->setRange(1, overlap.annotators);
    std::set<int> taken;
    for (const auto& [name, share] : sharesTaken(m_project, row))
        taken.insert(share);
    int free = 1;
    while (taken.contains(free) && free < overlap.annotators)
        ++free;
    m_share->setValue(free);
    listAnnotators(row);
}

void EvaluateWho::listAnnotators(const EvaluationRow& row)
{
    while (QLayoutItem* old = m_knownGrid->takeAt(0)) {
        delete old->widget();
        delete old;
    }
    const std::vector<AnnotatorProgress> known = annotatorProgress(m_project, row);
    const QString remembered = QSettings().value(QLatin1String(kNameKey)).toString();
    m_name->setText(remembered.isEmpty() && known.size() == 1 ? known.front().name : remembered);
    int line = 0;
    for (const AnnotatorProgress& one : known) {
        if (line == kMostListed)
            break;
        auto* text = new QLabel(
            tr("%1: %2 of %3 judged").arg(annotatorTitle(one.name), formatCount(one.judged), formatCount(one.items)));
        text->setTextFormat(Qt::PlainText);
        auto* goOn = new QPushButton(one.judged < one.items ? tr("Go on") : tr("Look again"));
        goOn->setObjectName(QStringLiteral("goOnAs"));
        goOn->setAccessibleName(tr("Judge as %1").arg(annotatorTitle(one.name)));
        setRole(goOn, "quiet");
        connect(goOn, &QPushButton::clicked, this, [this, name = one.name] { Q_EMIT chosen(name, 0); });
        m_knownGrid->addWidget(text, line, 0);
        m_knownGrid->addWidget(goOn, line++, 1);
    }
    m_known->setVisible(line > 0);
}

void EvaluateWho::showError(const QString& sentence)
{
    m_error->setText(sentence);
    m_error->show();
    m_name->setFocus();
}

void EvaluateWho::start()
{
    const QString name = m_name->text().trimmed();
    if (!name.isEmpty())
        QSettings().setValue(QLatin1String(kNameKey), name);
    Q_EMIT chosen(name, m_share->isVisibleTo(this) ? m_share->value() : 0);
}

void EvaluateWho::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        Q_EMIT left();
    else
        QFrame::keyPressEvent(event);
}

void EvaluateWho::showEvent(QShowEvent* event)
{
    QFrame::showEvent(event);
    m_name->setFocus();
    m_name->selectAll();
}

} // namespace mpo

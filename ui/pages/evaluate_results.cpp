// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_results.h"

#include "core/engine/session_file.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "ui/charts/win_rate_chart.h"
#include "ui/format.h"
#include "ui/forms/report_table.h"
#include "ui/make_scroll.h"
#include "ui/pages/evaluate_ranking.h"
#include "ui/pages/evaluate_result.h"
#include "ui/pages/evaluate_verdicts.h"
#include "ui/style.h"

#include <QFileDialog>
#include <QImage>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QSvgRenderer>
#include <QTabBar>
#include <QTabWidget>
#include <QTableWidget>
#include <QVBoxLayout>

#include <filesystem>

namespace mpo {

namespace {

QLabel* makeGroup(const QString& text)
{
    auto* label = new QLabel(text);
    setRole(label, "group");
    return label;
}

QString wordOf(const Alpha& alpha)
{
    if (!alpha.value)
        return EvaluateResults::tr("not defined: too few items were judged by two people, or all verdicts are alike");
    const QString number = QString::number(*alpha.value, 'f', 2);
    return EvaluateResults::tr("%1 (%2 to %3)")
        .arg(number, QString::number(alpha.interval.low, 'f', 2), QString::number(alpha.interval.high, 'f', 2));
}

} // namespace

EvaluateResults::EvaluateResults(Project& project, QWidget* parent)
    : QWidget(parent)
    , m_project(project)
    , m_title(makeHeading({}))
    , m_headline(new QLabel)
    , m_verdict(makeHint({}))
    , m_warning(new QLabel)
    , m_tabs(new QTabWidget)
{
    m_headline->setObjectName(QStringLiteral("headline"));
    m_headline->setFont(fontOfSize(kFontTitle, QFont::DemiBold));
    m_headline->setTextFormat(Qt::PlainText);
    m_headline->setWordWrap(true);
    m_verdict->setObjectName(QStringLiteral("verdict"));
    m_verdict->setTextFormat(Qt::PlainText);
    m_warning->setObjectName(QStringLiteral("earlyWarning"));
    m_warning->setWordWrap(true);
    setRole(m_warning, "warning");

    m_verdicts = new EvaluateVerdicts;
    m_ranking = new EvaluateRanking(m_project);
    m_tabs->setObjectName(QStringLiteral("resultTabs"));
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setDrawBase(false);
    m_tabs->addTab(makeOutcome(), tr("Result"));
    m_tabs->addTab(makeJudges(), tr("Judges"));
    m_tabs->addTab(m_verdicts, tr("Verdicts"));
    m_tabs->addTab(m_ranking, tr("Ranking"));

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(makeHead());
    layout->addWidget(m_headline);
    layout->addWidget(m_verdict);
    layout->addWidget(m_warning);
    layout->addWidget(m_tabs, 1);
}

QWidget* EvaluateResults::makeHead()
{
    auto* row = new QWidget;
    auto* back = new QPushButton(tr("‹ Sessions"));
    back->setObjectName(QStringLiteral("backFromResults"));
    setRole(back, "quiet");
    connect(back, &QPushButton::clicked, this, &EvaluateResults::left);
    auto* exportButton = new QPushButton(tr("Export ▾"));
    exportButton->setObjectName(QStringLiteral("exportResults"));
    exportButton->setStyleSheet(QStringLiteral("QPushButton::menu-indicator { image: none; width: 0; }"));
    auto* menu = new QMenu(exportButton);
    // Asks for a file and does it; what() returns the sentence to show.
    const auto add = [&](const QString& text, const char* ending, const QString& filter, const auto& what) {
        connect(menu->addAction(text), &QAction::triggered, this, [this, text, ending, filter, what] {
            const QString file = QFileDialog::getSaveFileName(
                this, text, toQString(m_content.row.name) + QLatin1String(ending), filter);
            if (file.isEmpty())
                return;
            try {
                Q_EMIT message(what(file));
            } catch (const std::exception& error) {
                Q_EMIT message(toQString(error.what()));
            }
        });
    };
    const auto verdicts = [this](JudgmentFormat format) {
        return [this, format](const QString& file) {
            const ExportedJudgments exported = exportVerdicts(format, file);
            QString sentence = tr("%1 rows in %2").arg(formatCount(exported.rows), formatFolder(file));
            if (exported.withoutWinner > 0)
                sentence += tr("; %1 prompts without a winner are left out").arg(formatCount(exported.withoutWinner));
            if (exported.flagged > 0)
                sentence += tr("; %1 flagged prompts are left out").arg(formatCount(exported.flagged));
            return sentence;
        };
    };
    add(tr("Preference pairs (TRL)…"), "-pairs.jsonl", tr("JSON lines or CSV (*.jsonl *.jsonl.gz *.csv)"),
        verdicts(JudgmentFormat::Trl));
    add(tr("Battles (Arena)…"), "-arena.jsonl", tr("JSON lines (*.jsonl)"), verdicts(JudgmentFormat::Arena));
    add(tr("Table of verdicts (CSV)…"), "-verdicts.csv", tr("CSV (*.csv)"), verdicts(JudgmentFormat::Csv));
    add(tr("Session file…"), "-session.jsonl", tr("Session files (*.jsonl)"), [this](const QString& file) {
        exportSession(file);
        return tr("The session is written to %1").arg(formatFolder(file));
    });
    menu->addSeparator();
    connect(menu->addAction(tr("New data set of this project")), &QAction::triggered, this,
        &EvaluateResults::takeIntoProject);
    menu->addSeparator();
    add(tr("Chart (SVG or PNG)…"), ".svg", tr("Pictures (*.svg *.png)"), [this](const QString& file) {
        exportChart(file);
        return tr("The chart is written to %1").arg(formatFolder(file));
    });
    exportButton->setMenu(menu);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace + kSpace / 2);
    layout->addWidget(back);
    layout->addWidget(m_title);
    layout->addStretch();
    layout->addWidget(exportButton);
    return row;
}

QWidget* EvaluateResults::makeOutcome()
{
    m_chart = new WinRateChart;
    m_outcome = makeReportTable(tr("Result"));
    m_outcome->setObjectName(QStringLiteral("outcome"));
    m_gaps = makeReportTable(tr("By reward gap"));
    m_gaps->setObjectName(QStringLiteral("gaps"));
    m_criteria = makeReportTable(tr("By criterion"));
    m_criteria->setObjectName(QStringLiteral("criteria"));
    m_criteriaHeading = makeGroup(tr("By criterion, and how that goes with the verdict on the whole"));
    m_gapsHeading = makeGroup(tr("By the reward gap of the prompt's pair; small gaps are the hard pairs"));
    QFrame* chartCard = makeCard();
    auto* chartLayout = new QVBoxLayout(chartCard);
    chartLayout->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, 2 * kSpace);
    chartLayout->setSpacing(kSpace);
    chartLayout->addWidget(m_chart);
    chartLayout->addSpacing(kSpace);
    chartLayout->addWidget(m_gapsHeading);
    chartLayout->addWidget(m_gaps);
    chartLayout->addStretch();
    auto* left = new QVBoxLayout;
    left->addWidget(chartCard);
    left->addStretch();
    auto* right = new QVBoxLayout;
    right->addWidget(m_outcome);
    right->addStretch();
    auto* content = new QWidget;
    auto* sides = new QHBoxLayout;
    sides->setSpacing(2 * kSpace);
    sides->addLayout(left, 6);
    sides->addLayout(right, 5);
    auto* layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(sides);
    layout->addWidget(m_criteriaHeading);
    layout->addWidget(m_criteria);
    layout->addStretch();
    return makeScroll(content);
}

QWidget* EvaluateResults::makeJudges()
{
    m_judges = makeReportTable(tr("Judges"));
    m_judges->setObjectName(QStringLiteral("judges"));
    m_agreement = makeReportTable(tr("Agreement of two judges"));
    m_agreement->setObjectName(QStringLiteral("agreement"));
    m_models = makeReportTable(tr("Model judges against people"));
    m_log = makeReportTable(tr("What happened to the session"));
    m_log->setObjectName(QStringLiteral("sessionLog"));
    m_alpha = new QLabel;
    m_alpha->setObjectName(QStringLiteral("alpha"));
    m_alpha->setTextFormat(Qt::PlainText);
    m_alpha->setWordWrap(true);
    auto* content = new QWidget;
    auto* layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(m_judges);
    layout->addWidget(makeHint(tr("Hidden repeats (same again) and gold items (gold right) count in no result. Left "
                                  "chosen far from 50 % is a habit of the judge: sides were drawn at random.")));
    layout->addSpacing(kSpace);
    layout->addWidget(m_agreement);
    layout->addWidget(m_alpha);
    layout->addWidget(m_models);
    layout->addSpacing(kSpace);
    layout->addWidget(m_log);
    layout->addStretch();
    return makeScroll(content);
}

void EvaluateResults::open(const EvaluationRow& row, Early early)
{
    m_content = openEvaluation(m_project, row.name, early);
    m_report = reportOf(m_content);
    const ReportSources sources = reportSources(m_content.row);
    m_title->setText(toQString(row.name));
    m_headline->setText(toQString(outcomeSentence(m_report, sources)));
    m_headline->setToolTip(tr("%1\n%2").arg(toQString(m_content.row.sourceA), toQString(m_content.row.sourceB)));
    QString next;
    if (m_report.tally.total() == 0)
        next = tr("Nobody has come to an outcome yet.");
    else if (m_report.p < 0.05)
        next = tr("The difference is significant at 5 % (exact sign test).");
    else if (!m_report.morePrompts)
        next = tr("No difference was seen, so there is nothing to confirm.");
    else
        next = tr("To confirm a difference of this size, about %1 more prompts are needed.")
                   .arg(formatCount(*m_report.morePrompts));
    if (m_report.fromModels)
        next += QLatin1Char(' ') + tr("Only models have judged.");
    m_verdict->setText(next);
    showReportTable(m_outcome, outcomeTable(m_report, sources));
    showReportTable(m_criteria, criteriaTable(m_report));
    m_criteriaHeading->setVisible(!m_report.criteria.empty());
    m_chart->setResult(toQString(sources.a), toQString(sources.b), m_report.tally, m_report.wilson);
    showReportTable(m_gaps, gapTable(m_report));
    m_gapsHeading->setVisible(!m_report.gapGroups.empty());
    showReportTable(m_judges, judgeTable(m_report));
    showReportTable(m_agreement, agreementTable(m_report));
    m_alpha->setText(m_report.pairs.empty()
            ? tr("Agreement needs two people on the same items.")
            : tr("Krippendorff's alpha: %1 with order (first, tie, second), %2 without. 0.8 and above is good, 0.67 to "
                 "0.8 tentative; people often disagree about preferences.")
                  .arg(wordOf(m_report.ordinal), wordOf(m_report.nominal)));
    showReportTable(m_models, modelAgreementTable(m_report));
    showLog();
    m_verdicts->setContent(m_content, m_report);
    m_tabs->setTabText(2,
        m_report.queue.empty() ? tr("Verdicts")
                               : tr("Verdicts, %1 to look at again").arg(formatCount(qint64(m_report.queue.size()))));
    m_ranking->refresh();
    m_tabs->setTabVisible(3, m_ranking->sessions() >= 2);
    m_tabs->setCurrentIndex(0);
    m_tabs->tabBar()->setFocus(); // arrows change tabs
}

void EvaluateResults::showLog()
{
    ReportTable log {{"time (UTC)", "what happened"}, {}, {}};
    bool early = false;
    for (const EvaluationLogRow& entry : m_project.evaluationLog(m_content.row.id)) {
        log.rows.push_back({entry.created, entry.text});
        early = early || entry.text.starts_with("opened early");
    }
    showReportTable(m_log, log);
    m_warning->setVisible(early);
    m_warning->setText(m_content.row.closed
            ? tr("The result was looked at before the session was closed: see the log under Judges.")
            : tr("The session is still open, and this look at its result is noted. Numbers will change as judging goes "
                 "on."));
}

void EvaluateResults::takeIntoProject()
{
    try {
        const auto folder = m_project.folder() / "evaluations" / std::to_string(m_content.row.id);
        std::filesystem::create_directories(folder);
        ImportDataset command;
        command.file = folder / "pairs.jsonl";
        command.options.name = m_content.row.name + " verdicts";
        command.options.inWindow = true;
        const ExportedJudgments exported = exportVerdicts(JudgmentFormat::Trl, toQString(command.file.string()));
        if (exported.rows == 0)
            fail("No prompt has a winner, so there are no pairs to take in");
        Q_EMIT importRequested(command);
        Q_EMIT message(
            tr("%1 pairs become the data set \"%2\"").arg(formatCount(exported.rows), toQString(command.options.name)));
    } catch (const std::exception& error) {
        Q_EMIT message(toQString(error.what()));
    }
}

ExportedJudgments EvaluateResults::exportVerdicts(JudgmentFormat format, const QString& file) const
{
    return exportJudgments(m_content, format, file.toStdString());
}

void EvaluateResults::exportSession(const QString& file) const
{
    writeSessionFile(m_project, m_content.row.name, file.toStdString());
}

void EvaluateResults::exportChart(const QString& file) const
{
    const std::string svg = sessionChartSvg(m_report, reportSources(m_content.row));
    if (!file.endsWith(QLatin1String(".png"), Qt::CaseInsensitive)) {
        writeFileAtomically(file.toStdString(), svg);
        return;
    }
    QSvgRenderer renderer(QByteArray::fromStdString(svg));
    QImage image(renderer.defaultSize() * 2, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::white);
    QPainter painter(&image);
    renderer.render(&painter);
    painter.end();
    if (!image.save(file))
        fail("{}: the picture cannot be written; choose another folder", file.toStdString());
}

} // namespace mpo

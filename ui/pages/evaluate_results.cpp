// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_results.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/json.h"
#include "ui/charts/win_rate_chart.h"
#include "ui/format.h"
#include "ui/style.h"

#include <QFileDialog>
#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace mpo {

namespace {

QString percentRange(const Interval& interval)
{
    return QObject::tr("%1 to %2").arg(formatShare(interval.low), formatShare(interval.high));
}

QString probability(double p)
{
    return p < 0.001 ? QStringLiteral("p < 0.001") : QStringLiteral("p = %1").arg(p, 0, 'f', 3);
}

} // namespace

EvaluateResults::EvaluateResults(Project& project, QWidget* parent)
    : QWidget(parent)
    , m_project(project)
    , m_title(makeHeading({}))
    , m_headline(new QLabel)
    , m_verdict(makeHint({}))
    , m_chart(new WinRateChart)
    , m_table(new QTableWidget)
{
    auto* back = new QPushButton(tr("‹ Sessions"));
    back->setObjectName(QStringLiteral("backFromResults"));
    setRole(back, "quiet");
    auto* exportButton = new QPushButton(tr("Export as preference pairs…"));
    exportButton->setToolTip(tr("Decisive verdicts as prompt, chosen, rejected: new data for a reward model or DPO"));
    connect(back, &QPushButton::clicked, this, &EvaluateResults::left);
    connect(exportButton, &QPushButton::clicked, this, &EvaluateResults::askExport);
    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace + kSpace / 2);
    head->addWidget(back);
    head->addWidget(m_title);
    head->addStretch();
    head->addWidget(exportButton);

    m_headline->setObjectName(QStringLiteral("headline"));
    m_headline->setFont(fontOfSize(kFontTitle, QFont::DemiBold));
    m_headline->setTextFormat(Qt::PlainText);
    m_headline->setWordWrap(true);
    m_verdict->setObjectName(QStringLiteral("verdict"));
    m_verdict->setTextFormat(Qt::PlainText);

    QFrame* chartCard = makeCard();
    auto* chartLayout = new QVBoxLayout(chartCard);
    chartLayout->setContentsMargins(2 * kSpace, 2 * kSpace, 2 * kSpace, kSpace);
    chartLayout->addStretch();
    chartLayout->addWidget(m_chart);
    chartLayout->addStretch();
    m_numbers = makeCard();
    m_grid = new QGridLayout(m_numbers);
    m_grid->setContentsMargins(2 * kSpace, kSpace + kSpace / 2, 2 * kSpace, kSpace + kSpace / 2);
    m_grid->setHorizontalSpacing(2 * kSpace);
    m_grid->setVerticalSpacing(kSpace / 2);
    auto* cards = new QHBoxLayout;
    cards->setSpacing(kSpace + kSpace / 2);
    cards->addWidget(chartCard, 1);
    cards->addWidget(m_numbers, 1);

    m_table->setObjectName(QStringLiteral("verdicts"));
    m_table->setColumnCount(5);
    m_table->setHorizontalHeaderLabels({tr("Item"), tr("Preferred"), tr("Prompt"), tr("Comment"), tr("Seconds")});
    setTableLook(m_table);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setStretchLastSection(false);
    m_table->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
    for (const int column : {0, 4})
        m_table->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_table->setColumnWidth(0, 56);
    m_table->setColumnWidth(1, 200);
    m_table->setColumnWidth(3, 220);
    m_table->setColumnWidth(4, 76);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(head);
    layout->addWidget(m_headline);
    layout->addWidget(m_verdict);
    layout->addLayout(cards);
    layout->addWidget(m_table, 1);
}

void EvaluateResults::addNumber(const QString& name, const QString& value, const QString& toolTip)
{
    const int row = m_grid->rowCount();
    auto* label = makeHint(name);
    auto* shown = new QLabel(value);
    shown->setTextFormat(Qt::PlainText);
    shown->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    label->setToolTip(toolTip);
    shown->setToolTip(toolTip);
    m_grid->addWidget(label, row, 0);
    m_grid->addWidget(shown, row, 1);
    m_grid->setColumnStretch(0, 1);
}

void EvaluateResults::open(const EvaluationRow& row)
{
    m_row = row;
    m_items = m_project.evaluationItems(row.id);
    m_key = m_project.evaluationKey(row.id);
    m_result = countVerdicts(m_items, m_key);

    const auto [a, b] = sourceNames(row);
    m_headline->setToolTip(tr("%1\n%2").arg(toQString(row.sourceA), toQString(row.sourceB)));
    const Tally& tally = m_result.forA;
    const double rate = winRate(tally), p = signTest(tally);
    const Interval interval = wilsonInterval(rate, tally.total());
    m_title->setText(toQString(row.name));
    const bool aheadA = tally.wins > tally.losses;
    if (tally.total() == 0)
        m_headline->setText(tr("Nothing was judged"));
    else if (tally.wins == tally.losses)
        m_headline->setText(tr("%1 and %2 are even").arg(a, b));
    else
        m_headline->setText(
            (p < 0.05 ? tr("%1 is preferred over %2") : tr("%1 is ahead of %2, but not by enough to be sure"))
                .arg(aheadA ? a : b, aheadA ? b : a));

    const std::int64_t more = m_result.moreNeeded();
    QString next;
    if (p < 0.05 && tally.total() > 0)
        next = tr("The difference is significant at 5 % (exact sign test).");
    else if (more < 0)
        next = tr("No difference was seen, so there is nothing to confirm.");
    else if (more > 0)
        next = tr("To confirm a difference of this size, about %1 more verdicts with a clear preference are needed.")
                   .arg(formatCount(more));
    else
        next = tr("For a difference of this size the number of prompts is about right; it may not be real.");
    m_verdict->setText(next);
    m_chart->setResult(a, b, tally, interval);

    // The card is filled anew for every session.
    while (QLayoutItem* old = m_grid->takeAt(0)) {
        delete old->widget();
        delete old;
    }
    addNumber(tr("Wins / ties / losses of %1").arg(a),
        QStringLiteral("%1 / %2 / %3").arg(tally.wins).arg(tally.ties).arg(tally.losses));
    addNumber(tr("Win rate, ties count half"),
        QStringLiteral("%1  (%2)").arg(formatShare(rate), percentRange(interval)), tr("Wilson interval, 95 %"));
    const std::int64_t decisive = m_result.decisive();
    const double share = decisive > 0 ? double(tally.wins) / double(decisive) : 0.5;
    addNumber(tr("Win rate, decisive only"),
        decisive == 0
            ? QStringLiteral("–")
            : QStringLiteral("%1  (%2)").arg(formatShare(share), percentRange(wilsonInterval(share, decisive))),
        tr("Ties left out; Wilson interval, 95 %"));
    addNumber(tr("Exact sign test"), probability(p), tr("Two-sided, on decisive verdicts"));
    addNumber(tr("Left chosen"),
        decisive == 0 ? QStringLiteral("–")
                      : tr("%1 of %2  (%3)").arg(m_result.left).arg(decisive).arg(probability(m_result.leftBiasP())),
        tr("Sides were drawn at random: far from half means a habit of the judge. p: exact test against one half"));
    addNumber(tr("Both bad / identical / skipped"),
        QStringLiteral("%1 / %2 / %3").arg(m_result.bothBad).arg(m_result.identical).arg(m_result.skipped),
        tr("Both bad and identical count as ties; skipped items do not count"));
    if (m_result.unjudged > 0)
        addNumber(tr("Not judged"), formatCount(m_result.unjudged));
    addNumber(tr("Median time for an item"), formatDuration(m_result.medianSeconds));
    addWinsByGap();
    fillTable();
    m_table->setFocus();
}

void EvaluateResults::addWinsByGap()
{
    const std::string data = m_row.config.is_object() ? m_row.config.value("data", "") : "";
    std::string newest;
    for (const ScoreSetRow& row : m_project.scoreSets())
        if (row.dataset == data)
            newest = row.name;
    if (newest.empty())
        return;
    std::vector<double> gaps;
    for (const PairScore& score : m_project.loadScores(newest))
        gaps.push_back(score.gap());
    for (const GapBin& bin : winsByGap(m_items, m_key, gaps))
        addNumber(tr("Win rate at gaps %1 to %2").arg(formatNumber(bin.low, 2), formatNumber(bin.high, 2)),
            tr("%1  (%2 prompts)").arg(formatShare(winRate(bin.forA)), formatCount(bin.forA.total())),
            tr("By the reward gap of the prompt's pair in %1; low gaps are the hard pairs").arg(toQString(newest)));
}

void EvaluateResults::fillTable()
{
    const SourceNames names = sourceNames(m_row);
    m_table->setRowCount(int(m_items.size()));
    for (int row = 0; row < int(m_items.size()); ++row) {
        const EvaluationItemRow& item = m_items[std::size_t(row)];
        const bool aIsLeft = m_key[std::size_t(row)].aIsLeft;
        const auto model = [&](bool left) { return left == aIsLeft ? names.a : names.b; };
        QString preferred = tr("not judged");
        if (item.verdict) {
            switch (*item.verdict) {
            case Verdict::Left:
                preferred = tr("%1 (left)").arg(model(true));
                break;
            case Verdict::Right:
                preferred = tr("%1 (right)").arg(model(false));
                break;
            case Verdict::Tie:
                preferred = isIdentical(item) ? tr("tie, identical") : tr("tie");
                break;
            case Verdict::BothBad:
                preferred = tr("both bad");
                break;
            case Verdict::Skip:
                preferred = tr("skipped");
                break;
            }
        }
        const QString prompt = toQString(item.prompt).simplified().left(300);
        const QStringList texts {formatCount(item.number + 1), preferred, prompt, toQString(item.comment),
            item.verdict ? QString::number(item.seconds, 'f', 1) : QString()};
        for (int column = 0; column < int(texts.size()); ++column) {
            auto* cell = new QTableWidgetItem(texts[column]);
            cell->setTextAlignment(
                column == 0 || column == 4 ? Qt::AlignRight | Qt::AlignVCenter : Qt::AlignLeft | Qt::AlignVCenter);
            if (column == 2)
                cell->setToolTip(tr("Left: %1\n\nRight: %2")
                                     .arg(toQString(item.left).left(600), toQString(item.right).left(600))
                                     .toHtmlEscaped());
            m_table->setItem(row, column, cell);
        }
    }
}

void EvaluateResults::exportPairs(const QString& file) const
{
    std::string text;
    for (const EvaluationItemRow& item : m_items) {
        if (item.verdict != Verdict::Left && item.verdict != Verdict::Right)
            continue;
        if (m_key[std::size_t(item.number)].kind != ItemKind::Ordinary) // tests of the judge
            continue;
        const bool left = item.verdict == Verdict::Left;
        text += toLine({{"prompt", item.prompt}, {"chosen", left ? item.left : item.right},
                    {"rejected", left ? item.right : item.left}})
            + "\n";
    }
    writeFileAtomically(file.toStdString(), text);
}

void EvaluateResults::askExport()
{
    const QString file = QFileDialog::getSaveFileName(this, tr("Export verdicts as preference pairs"),
        toQString(m_row.name) + QStringLiteral("-pairs.jsonl"), tr("JSON lines (*.jsonl)"));
    if (file.isEmpty())
        return;
    try {
        exportPairs(file);
        Q_EMIT message(
            tr("Exported %1 preference pairs to %2").arg(formatCount(m_result.decisive()), formatFolder(file)));
    } catch (const std::exception& error) {
        Q_EMIT message(toQString(error.what()));
    }
}

} // namespace mpo

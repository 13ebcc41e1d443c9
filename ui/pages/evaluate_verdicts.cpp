// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_verdicts.h"

#include "core/data/pair_export.h"
#include "core/engine/evaluation_report.h"
#include "ui/format.h"
#include "ui/pages/evaluate_item_view.h"
#include "ui/pages/evaluate_result.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QSplitter>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace mpo {

namespace {

constexpr int kLookAgain = 3, kFirstJudge = 4; ///< columns
constexpr int kItemRole = Qt::UserRole;

QString kindTitle(const EvaluationItemInput& item)
{
    switch (item.kind) {
    case ItemKind::Ordinary:
        return {};
    case ItemKind::Repeat:
        return EvaluateVerdicts::tr("repeat of %1").arg(item.repeatOf.value_or(-1) + 1);
    case ItemKind::Gold:
        return EvaluateVerdicts::tr("gold");
    }
    return {};
}

/// "A (left)", "tie"; gold items have a better and a worse response, not models.
QString verdictText(const JudgmentRow& judgment, const EvaluationItemInput& item, const SourceNames& names)
{
    const bool gold = item.kind == ItemKind::Gold;
    const auto side = [&](bool left) {
        const bool isA = left == judgment.aWasLeft;
        const QString who = gold ? (isA ? EvaluateVerdicts::tr("correct") : EvaluateVerdicts::tr("mistaken"))
                                 : (isA ? names.a : names.b);
        return left ? EvaluateVerdicts::tr("%1 (left)").arg(who) : EvaluateVerdicts::tr("%1 (right)").arg(who);
    };
    switch (judgment.verdict) {
    case Verdict::Left:
        return side(true);
    case Verdict::Right:
        return side(false);
    case Verdict::Tie:
        return item.responseA == item.responseB ? EvaluateVerdicts::tr("tie, identical") : EvaluateVerdicts::tr("tie");
    case Verdict::BothBad:
        return EvaluateVerdicts::tr("both bad");
    case Verdict::Skip:
        return EvaluateVerdicts::tr("skipped");
    }
    return {};
}

/// Whose response is better by a criterion.
QString voteText(Verdict verdict, bool aWasLeft, const EvaluationItemInput& item, const SourceNames& names)
{
    if (verdict == Verdict::Tie)
        return EvaluateVerdicts::tr("tie");
    const bool isA = (verdict == Verdict::Left) == aWasLeft;
    if (item.kind == ItemKind::Gold)
        return isA ? EvaluateVerdicts::tr("correct") : EvaluateVerdicts::tr("mistaken");
    return isA ? names.a : names.b;
}

/// Null for an item that need not be looked at again.
const QueuedItem* queuedItem(const SessionReport& report, std::size_t item)
{
    const auto found = std::ranges::find(report.queue, std::int64_t(item), &QueuedItem::item);
    return found == report.queue.end() ? nullptr : &*found;
}

} // namespace

EvaluateVerdicts::EvaluateVerdicts(QWidget* parent)
    : QWidget(parent)
    , m_filter(new QComboBox)
    , m_count(makeHint({}))
    , m_table(new QTableWidget)
    , m_item(new EvaluateItemView)
{
    m_filter->setObjectName(QStringLiteral("verdictFilter"));
    m_filter->setAccessibleName(tr("Items shown"));
    m_filter->addItems({tr("All prompts"), tr("To look at again: disputed or flagged"), tr("Without an outcome"),
        tr("Hidden repeats and gold items")}); // in the order of Filter
    m_count->setWordWrap(false);
    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace);
    head->addWidget(m_filter);
    head->addWidget(m_count, 1);

    m_table->setObjectName(QStringLiteral("verdicts"));
    m_table->setAccessibleName(tr("Verdicts"));
    setTableLook(m_table);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->verticalHeader()->hide();
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->setHandleWidth(kSpace);
    splitter->addWidget(m_table);
    splitter->addWidget(m_item);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({220, 260});
    keepState(splitter, "verdicts");
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(head);
    layout->addWidget(splitter, 1);
    connect(m_filter, &QComboBox::currentIndexChanged, this, &EvaluateVerdicts::fill);
    connect(m_table, &QTableWidget::itemSelectionChanged, this, &EvaluateVerdicts::showItem);
}

void EvaluateVerdicts::setContent(const EvaluationContent& content, const SessionReport& report)
{
    m_content = &content;
    m_report = &report;
    const SourceNames names = sourceNames(content.row);
    m_item->setHeadings(names.a, names.b);
    m_filter->setCurrentIndex(Ordinary);
    fill();
}

void EvaluateVerdicts::fill()
{
    const EvaluationContent& content = *m_content;
    const SourceNames names = sourceNames(content.row);
    const auto points = decidedPoints(content.items, content.reported);
    std::vector<std::size_t> shown;
    for (std::size_t i = 0; i < content.key.size(); ++i) {
        const bool ordinary = content.key[i].kind == ItemKind::Ordinary;
        const bool queued = queuedItem(*m_report, i) != nullptr;
        switch (static_cast<Filter>(m_filter->currentIndex())) {
        case Ordinary:
            if (ordinary)
                shown.push_back(i);
            break;
        case Queue:
            if (queued)
                shown.push_back(i);
            break;
        case Undecided:
            if (ordinary && !points[i])
                shown.push_back(i);
            break;
        case Tests:
            if (!ordinary)
                shown.push_back(i);
            break;
        }
    }
    QStringList headers {tr("Item"), tr("Prompt"), tr("Outcome"), tr("Look again")};
    for (const JudgeReport& judge : m_report->judges)
        headers << toQString(annotatorName(judge.annotator));
    for (const CriterionReport& one : m_report->criteria)
        headers << toQString(one.criterion);
    headers << tr("Comments");
    m_table->clear();
    m_table->setRowCount(int(shown.size()));
    m_table->setColumnCount(int(headers.size()));
    m_table->setHorizontalHeaderLabels(headers);
    const int comments = int(headers.size()) - 1;
    const int firstCriterion = kFirstJudge + int(m_report->judges.size());
    for (int row = 0; row < int(shown.size()); ++row) {
        const std::size_t at = shown[std::size_t(row)];
        const EvaluationItemInput& item = content.key[at];
        QStringList texts;
        for (int column = 0; column <= comments; ++column)
            texts << QString();
        texts[0] = formatCount(qint64(at) + 1);
        texts[1] = toQString(promptLine(item.prompt)).simplified().left(300);
        texts[2] = item.kind != ItemKind::Ordinary ? kindTitle(item)
            : !points[at]                          ? tr("not judged")
            : *points[at] > 0.5                    ? names.a
            : *points[at] < 0.5                    ? names.b
                                                   : tr("tie");
        if (const QueuedItem* queued = queuedItem(*m_report, at))
            texts[kLookAgain] = toQString(queueReason(*queued));
        for (const JudgmentRow& judgment : content.judgments) {
            if (judgment.number != std::int64_t(at))
                continue;
            for (const CriterionVote& vote : judgment.votes)
                for (std::size_t i = 0; i < m_report->criteria.size(); ++i)
                    if (m_report->criteria[i].criterion == vote.criterion) {
                        QString& cell = texts[firstCriterion + int(i)];
                        cell += (cell.isEmpty() ? QString() : QStringLiteral(", "))
                            + voteText(vote.verdict, judgment.aWasLeft, item, names);
                    }
            const auto judge = std::find_if(m_report->judges.begin(), m_report->judges.end(),
                [&](const JudgeReport& one) { return one.annotator == judgment.annotator; });
            texts[kFirstJudge + int(judge - m_report->judges.begin())] = verdictText(judgment, item, names);
            if (!judgment.comment.empty() && item.responseA != item.responseB)
                texts[comments] += (texts[comments].isEmpty() ? QString() : QStringLiteral("; "))
                    + toQString(annotatorName(judgment.annotator)) + QStringLiteral(": ") + toQString(judgment.comment);
        }
        for (int column = 0; column <= comments; ++column) {
            auto* cell = new QTableWidgetItem(texts[column]);
            cell->setTextAlignment((column == 0 ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
            m_table->setItem(row, column, cell);
        }
        m_table->item(row, 0)->setData(kItemRole, qint64(at));
    }
    m_table->horizontalHeaderItem(0)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_table->setColumnWidth(0, 56);
    for (int column = 2; column < comments; ++column)
        m_table->setColumnWidth(column, 150);
    m_table->setColumnHidden(kLookAgain, m_report->queue.empty());
    m_table->setColumnWidth(comments, 200);
    m_table->horizontalHeader()->setStretchLastSection(false);
    if (comments - kFirstJudge > 3) { // many judges: the table scrolls sideways
        m_table->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Interactive);
        m_table->setColumnWidth(1, 240);
    } else {
        m_table->horizontalHeader()->setSectionResizeMode(1, QHeaderView::Stretch);
    }
    m_count->setText(shown.size() == 1 ? tr("1 item") : tr("%1 items").arg(formatCount(qint64(shown.size()))));
    m_item->setVisible(!shown.empty());
    if (!shown.empty())
        m_table->selectRow(0);
}

void EvaluateVerdicts::showItem()
{
    const int row = m_table->currentRow();
    if (!m_content || row < 0 || !m_table->item(row, 0))
        return;
    const EvaluationItemInput& item = m_content->key[std::size_t(m_table->item(row, 0)->data(kItemRole).toLongLong())];
    EvaluationItemRow shown;
    shown.prompt = item.prompt;
    shown.left = item.responseA;
    shown.right = item.responseB;
    const SourceNames names = sourceNames(m_content->row);
    const bool gold = item.kind == ItemKind::Gold;
    m_item->setHeadings(gold ? tr("Known to be better") : names.a, gold ? tr("Known to be worse") : names.b);
    m_item->showItem(shown);
}

} // namespace mpo

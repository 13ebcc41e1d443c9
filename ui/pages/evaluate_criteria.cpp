// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_criteria.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QGridLayout>
#include <QLabel>
#include <QPushButton>

#include <algorithm>

namespace mpo {

namespace {

struct Side
{
    Verdict verdict;
    const char* text;
    const char* key;
};
constexpr std::array kSides {Side {Verdict::Left, QT_TRANSLATE_NOOP("mpo::EvaluateCriteria", "Left"), "Q"},
    Side {Verdict::Tie, QT_TRANSLATE_NOOP("mpo::EvaluateCriteria", "Tie"), "W"},
    Side {Verdict::Right, QT_TRANSLATE_NOOP("mpo::EvaluateCriteria", "Right"), "E"}};
constexpr int kBeside = 2; // criteria in a line: three are cut off at 1280 pixels

} // namespace

EvaluateCriteria::EvaluateCriteria(QWidget* parent)
    : QWidget(parent)
    , m_grid(new QGridLayout(this))
{
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(3 * kSpace);
    m_grid->setVerticalSpacing(kSpace / 2);
}

void EvaluateCriteria::setCriteria(const std::vector<std::string>& criteria)
{
    while (QLayoutItem* old = m_grid->takeAt(0)) {
        delete old->widget();
        delete old;
    }
    m_rows.clear();
    for (std::size_t i = 0; i < criteria.size(); ++i) {
        Row row;
        row.criterion = criteria[i];
        auto* group = new QWidget;
        auto* layout = new QHBoxLayout(group);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->setSpacing(kSpace / 2);
        row.name = new QLabel(toQString(row.criterion));
        row.name->setTextFormat(Qt::PlainText);
        layout->addWidget(row.name);
        layout->addSpacing(kSpace);
        for (std::size_t side = 0; side < kSides.size(); ++side) {
            auto* button = new QPushButton;
            button->setObjectName(QStringLiteral("vote-%1-%2")
                                      .arg(toQString(row.criterion), toQString(verdictName(kSides[side].verdict))));
            button->setCheckable(true);
            button->setFocusPolicy(Qt::NoFocus); // keys stay those of the page
            button->setAccessibleName(QStringLiteral("%1: %2").arg(toQString(row.criterion), tr(kSides[side].text)));
            connect(
                button, &QPushButton::clicked, this, [this, i, verdict = kSides[side].verdict] { vote(i, verdict); });
            layout->addWidget(button);
            row.buttons[side] = button;
        }
        layout->addStretch();
        m_rows.push_back(row);
        m_grid->addWidget(group, int(i) / kBeside, int(i) % kBeside);
    }
    for (int column = 0; column < kBeside; ++column)
        m_grid->setColumnStretch(column, column < int(criteria.size()) ? 1 : 0);
    setVisible(!criteria.empty());
    setVotes({});
}

void EvaluateCriteria::setVotes(const std::vector<CriterionVote>& votes)
{
    std::size_t first = m_rows.size();
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const auto found = std::ranges::find(votes, m_rows[i].criterion, &CriterionVote::criterion);
        for (std::size_t side = 0; side < kSides.size(); ++side)
            m_rows[i].buttons[side]->setChecked(found != votes.end() && found->verdict == kSides[side].verdict);
        if (found == votes.end())
            first = std::min(first, i);
    }
    mark(first < m_rows.size() ? first : 0);
}

std::vector<CriterionVote> EvaluateCriteria::votes() const
{
    std::vector<CriterionVote> votes;
    for (const Row& row : m_rows)
        for (std::size_t side = 0; side < kSides.size(); ++side)
            if (row.buttons[side]->isChecked())
                votes.push_back({row.criterion, kSides[side].verdict});
    std::ranges::sort(votes, {}, &CriterionVote::criterion);
    return votes;
}

void EvaluateCriteria::voteOnMarked(Verdict verdict)
{
    if (m_rows.empty())
        return;
    for (std::size_t side = 0; side < kSides.size(); ++side)
        if (kSides[side].verdict == verdict)
            m_rows[m_marked].buttons[side]->toggle();
    vote(m_marked, verdict);
}

void EvaluateCriteria::vote(std::size_t row, Verdict verdict)
{
    bool given = false;
    for (std::size_t side = 0; side < kSides.size(); ++side) {
        if (kSides[side].verdict == verdict)
            given = m_rows[row].buttons[side]->isChecked();
        else
            m_rows[row].buttons[side]->setChecked(false);
    }
    mark(given ? (row + 1) % m_rows.size() : row);
}

void EvaluateCriteria::markNext()
{
    if (!m_rows.empty())
        mark((m_marked + 1) % m_rows.size());
}

void EvaluateCriteria::mark(std::size_t row)
{
    m_marked = row;
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        setRole(m_rows[i].name, i == row ? "changed" : "hint");
        for (std::size_t side = 0; side < kSides.size(); ++side) {
            QPushButton* button = m_rows[i].buttons[side];
            const QString with
                = QStringLiteral("%1   [%2]").arg(tr(kSides[side].text), QLatin1String(kSides[side].key));
            button->setText(with);
            button->setMinimumWidth(button->sizeHint().width()); // keys come and go, places stay
            button->setText(i == row ? with : tr(kSides[side].text));
        }
    }
}

} // namespace mpo

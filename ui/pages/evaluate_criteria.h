// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/criteria.h"

#include <QWidget>

#include <array>
#include <vector>

class QGridLayout;
class QLabel;
class QPushButton;

namespace mpo {

/// Votes on the criteria of a session for the item shown. One criterion is marked: three keys, which stand on its
/// buttons, vote on it, and the mark moves on. None has to be voted on.
class EvaluateCriteria : public QWidget
{
    Q_OBJECT
public:
    explicit EvaluateCriteria(QWidget* parent = nullptr);

    void setCriteria(const std::vector<std::string>& criteria); ///< hidden without any
    void setVotes(const std::vector<CriterionVote>& votes); ///< marks the first without a vote
    std::vector<CriterionVote> votes() const; ///< in the order of the names

    void voteOnMarked(Verdict verdict); ///< the vote it has already is taken back
    void markNext(); ///< after the last comes the first

private:
    struct Row
    {
        std::string criterion;
        QLabel* name = nullptr;
        std::array<QPushButton*, 3> buttons {}; ///< left, tie, right
    };
    void vote(std::size_t row, Verdict verdict);
    void mark(std::size_t row);

    QGridLayout* m_grid = nullptr;
    std::vector<Row> m_rows;
    std::size_t m_marked = 0;
};

} // namespace mpo

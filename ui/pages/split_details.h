// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"

#include <QTabWidget>
#include <QTimer>

#include <memory>

class QLabel;
class QLineEdit;
class QTableView;

namespace mpo {

class PairSearch;
class PairView;
class Project;
class ScoredPairModel;
class SplitCalibrationView;
class SplitLengthView;

/// What lies below the histogram: pairs near a gap or with a text, to read; how much the gaps owe to length; and how
/// far the confidence of the reward model can be trusted.
class SplitDetails : public QTabWidget
{
    Q_OBJECT
public:
    explicit SplitDetails(const Project& project, QWidget* parent = nullptr);

    void setData(std::shared_ptr<const SplitData> data); ///< nullptr: being loaded
    void setLengths(std::shared_ptr<const PairLengths> lengths); ///< REQUIRES data
    void showRule(double threshold, const SplitRule& rule);
    /// Pairs with the gaps nearest to this one; a moment later, since texts need not follow every pixel of a drag.
    void showNear(double gap, bool isThreshold);
    void leaveSearch(); ///< what is searched for is no longer wanted

protected:
    void paintEvent(QPaintEvent*) override { } ///< no line under the corner

private:
    QWidget* makePairs();
    QWidget* makeLength();
    QWidget* makeCalibration();
    void search();
    void list(std::vector<std::int64_t> numbers, std::int64_t chosen);
    void showPairs();
    void showPair();
    void showLengthText();

    const Project& m_project;
    ScoredPairModel* m_pairs = nullptr;
    PairSearch* m_search = nullptr;
    std::vector<std::int64_t> m_found; ///< by the search, with a score
    QLineEdit* m_searchText = nullptr;
    QTableView* m_table = nullptr;
    PairView* m_pairView = nullptr;
    QLabel* m_note = nullptr;
    SplitLengthView* m_lengthView = nullptr;
    QLabel* m_lengthText = nullptr;
    SplitCalibrationView* m_calibrationView = nullptr;
    QLabel* m_calibrationText = nullptr;

    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const PairLengths> m_lengths;
    SplitRule m_rule;
    double m_threshold = 0.0, m_gap = 0.0;
    bool m_atThreshold = true;
    QTimer m_timer, m_searchTimer;
};

} // namespace mpo

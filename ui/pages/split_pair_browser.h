// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"

#include <QTimer>
#include <QWidget>

#include <memory>
#include <vector>

class QComboBox;
class QLineEdit;
class QPushButton;
class QTableView;

namespace mpo {

class PairSearch;
class PairView;
class Project;
class ScoredPairModel;

/// Pairs of a score set to read, those near a gap, with a text or by another choice; and the keys that flip, drop and
/// keep them.
class SplitPairBrowser : public QWidget
{
    Q_OBJECT
public:
    explicit SplitPairBrowser(const Project& project, QWidget* parent = nullptr);

    void setData(std::shared_ptr<const SplitData> data); ///< nullptr: being loaded
    void setEdited(std::shared_ptr<const SplitData> data); ///< the same pairs with other edits: the list stays
    /// Gaps of another scoring, to show beside these, and the pairs that both order differently; nullptr: none.
    void setSecond(std::shared_ptr<const std::vector<double>> gaps, std::vector<std::int64_t> disagreeing);
    void showRule(double threshold, const SplitRule& rule);
    /// Pairs with the gaps nearest to this one. The list follows a drag some way behind, the texts of a pair when it
    /// rests: nobody reads them meanwhile, and laying them out takes as long as all else of a step.
    void showNear(double gap, bool isThreshold);
    void showPairs(std::vector<std::int64_t> numbers, const QString& title);
    void showDisagreeing();
    QLineEdit* searchField() const { return m_searchText; }
    void leaveSearch(); ///< what is searched or chosen otherwise is no longer wanted
    void setEditable(bool on);

Q_SIGNALS:
    void titleChanged(const QString& title); ///< what is listed
    void noteChanged(const QString& note, const QString& toolTip); ///< on the pair that is read
    void editRequested(mpo::PairEdit edit, const std::vector<std::int64_t>& pairs);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    enum class Listing { Near, Edited, Disagreeing, Given };

    QWidget* makeList();
    QWidget* makeTools();
    void found(const std::vector<std::int64_t>& numbers, qint64 looked, qint64 total);
    void search();
    void choose(Listing listing);
    void fill(std::vector<std::int64_t> numbers, std::int64_t chosen); ///< the table alone
    void list(std::vector<std::int64_t> numbers, std::int64_t chosen);
    void listNear();
    void listEdited();
    void showPair();
    void askEdit(PairEdit edit);
    void updateTools();
    void fitColumns();
    bool searches() const;
    std::int64_t currentPair() const; ///< -1: none

    const Project& m_project;
    ScoredPairModel* m_pairs = nullptr;
    PairSearch* m_search = nullptr;
    std::vector<std::int64_t> m_found; ///< by the search, with a score
    QLineEdit* m_searchText = nullptr;
    QComboBox* m_listing = nullptr;
    QTableView* m_table = nullptr;
    PairView* m_pairView = nullptr;
    QPushButton* m_tools[3] {}; ///< by PairEdit

    std::shared_ptr<const SplitData> m_data;
    std::vector<std::int64_t> m_disagreeing;
    Listing m_listed = Listing::Near;
    double m_gap = 0.0;
    bool m_atThreshold = true, m_editable = true;
    bool m_filling = false; ///< the list is being filled
    QTimer m_timer, m_readTimer, m_searchTimer;
};

} // namespace mpo

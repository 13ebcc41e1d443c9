// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"
#include "ui/page.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

class QComboBox;
class QPushButton;
class QStackedWidget;

namespace mpo {

class ItemPicker;
class RewardGapHistogram;
class SplitDetails;
class SplitEmptyState;
class SplitHistogramCard;
class SplitLoader;
class SplitRulePanel;
class SplitSavePanel;
class SplitScorePanel;
class SplitStatistics;

/// Divides scored pairs into easy and hard ones: a threshold to drag over the histogram of reward gaps, with counts,
/// accuracy and pairs to read that follow it.
class SplitPage : public Page
{
    Q_OBJECT
public:
    SplitPage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);
    ~SplitPage() override;

    void refresh() override;

    const SplitRule& rule() const { return m_rule; }
    double threshold() const { return m_threshold; }
    SplitCounts counts() const;
    QString commandLine() const; ///< does the same as "Save split"

    /// Runs in the background; message() tells the end.
    void exportTo(const QString& easyFile, const QString& hardFile);

private:
    QWidget* makeMain();
    QWidget* makeRuleCard();
    void connectAll();
    void connectEdits();

    void choose(const QString& scoreSet);
    void showData(std::shared_ptr<const SplitData> data);
    void setRule(const SplitRule& rule);
    void moveThreshold(double gap);
    void say(SplitRule::By by);
    void showRule();
    void showCommand();
    void showLengths(std::shared_ptr<const PairLengths> lengths); ///< nullptr: being measured
    /// Carries out a change of the log of edits and shows what it comes to, or why not. REQUIRES data in `change` only.
    void changePairs(const std::function<std::optional<PairChange>()>& change);
    void fillSecond(); ///< scorings that this one can be compared with
    void loadSecond();
    void takeEdits(); ///< what the log of the data set says now; REQUIRES data
    void fillSaved();
    void save();
    void askExport();
    SplitPairs command() const; ///< REQUIRES data
    double easyShare() const;

    SplitLoader* m_loader = nullptr;
    ItemPicker* m_scoreSets = nullptr;
    QComboBox* m_saved = nullptr;
    QPushButton* m_scoreButton = nullptr;
    QStackedWidget* m_stack = nullptr;
    SplitEmptyState* m_empty = nullptr;
    QWidget* m_mainPage = nullptr;
    SplitScorePanel* m_scorePanel = nullptr;
    SplitStatistics* m_statistics = nullptr;
    SplitHistogramCard* m_card = nullptr;
    RewardGapHistogram* m_histogram = nullptr;
    SplitRulePanel* m_rulePanel = nullptr;
    SplitSavePanel* m_savePanel = nullptr;
    SplitDetails* m_details = nullptr;

    std::string m_chosen; ///< score set that is shown or being loaded
    std::string m_second; ///< score set that it is compared with; empty: none
    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const PairLengths> m_lengths; ///< once they are measured
    SplitRule m_rule;
    double m_threshold = 0.0;
    std::optional<double> m_exampleGap; ///< where the user clicked; empty: at the threshold
    enum class Waiting { Nothing, Scores, Split };
    Waiting m_waiting = Waiting::Nothing;
    QString m_part; ///< what trains while pairs are scored: "Part 1 of 2: ..."
    bool m_answered = false; ///< what is waited for has come: the next CommandFinished is its own
    bool m_scoreWanted = false; ///< the score panel is open
    bool m_refreshing = false; ///< choices that change are not the user's
};

} // namespace mpo

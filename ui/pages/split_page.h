// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_threshold.h"
#include "ui/page.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

class QComboBox;
class QPushButton;
class QStackedWidget;

namespace mpo {

class ItemPicker;
class RewardGapHistogram;
class SplitDetails;
class SplitEditor;
class SplitEmptyState;
class SplitHistogramCard;
class SplitLoader;
class SplitRulePanel;
class SplitSavePanel;
class SplitSaving;
class SplitScorePanel;
class SplitStatistics;
class SplitWork;

/// Divides scored pairs into easy and hard ones: a threshold to drag over the histogram of reward gaps, with counts,
/// accuracy and pairs to read that follow it.
class SplitPage : public Page
{
    Q_OBJECT
public:
    SplitPage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);
    ~SplitPage() override;

    void refresh() override;
    QJsonObject choices() const override;
    void restoreChoices(const QJsonObject& choices) override;

    const SplitRule& rule() const { return m_threshold.rule(); }
    double threshold() const { return m_threshold.gap(); }
    SplitCounts counts() const { return m_threshold.counts(); }
    QString commandLine() const; ///< does the same as "Save split"

    /// Runs in the background; message() tells the end.
    void exportTo(const QString& easyFile, const QString& hardFile);
    void exportScoresTo(const QString& file); ///< CSV, with the bucket of each pair

private:
    QWidget* makeMain();
    QWidget* makeRuleCard();
    void connectAll();
    void connectWork();
    void connectEdits();

    void choose(const QString& scoreSet);
    void showData(std::shared_ptr<const SplitData> data);
    void setRule(const SplitRule& rule);
    void moveThreshold(double gap);
    void showRule();
    void showLengths(std::shared_ptr<const PairLengths> lengths); ///< nullptr: being measured
    void fillSecond(); ///< scorings that this one can be compared with
    void loadSecond();
    void takeEdits(); ///< what the log of the data set says now; REQUIRES data
    void fillSaved();

    SplitLoader* m_loader = nullptr;
    SplitEditor* m_editor = nullptr;
    SplitWork* m_work = nullptr;
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
    SplitSaving* m_saving = nullptr;
    SplitDetails* m_details = nullptr;

    std::string m_chosen; ///< score set that is shown or being loaded
    std::string m_second; ///< score set that it is compared with; empty: none
    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const PairLengths> m_lengths; ///< once they are measured
    SplitThreshold m_threshold;
    std::optional<double> m_exampleGap; ///< where the user clicked; empty: at the threshold
    std::optional<std::pair<double, double>> m_view; ///< gaps to show once the data are there
    bool m_scoreWanted = false; ///< the score panel is open
    bool m_refreshing = false; ///< choices that change are not the user's
};

} // namespace mpo

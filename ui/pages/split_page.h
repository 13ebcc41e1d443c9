// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"
#include "ui/page.h"

#include <memory>
#include <optional>
#include <string>

class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QStackedWidget;

namespace mpo {

class EmptyState;
class ItemPicker;
class RewardGapHistogram;
class SplitDetails;
class SplitLoader;
class SplitRulePanel;
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
    QWidget* makeHistogramCard();
    QWidget* makeRuleCard();
    QWidget* makeCommand();
    void connectAll();

    void choose(const QString& scoreSet);
    void showData(std::shared_ptr<const SplitData> data);
    void setRule(const SplitRule& rule);
    void moveThreshold(double gap);
    void say(SplitRule::By by);
    void showRule();
    void showCommand();
    void showPointed(std::optional<double> gap);
    void fillSaved();
    void save();
    void askExport();
    SplitPairs command() const; ///< REQUIRES data
    double easyShare() const;
    void showEmptyState();

    SplitLoader* m_loader = nullptr;
    ItemPicker* m_scoreSets = nullptr;
    QComboBox* m_saved = nullptr;
    QPushButton* m_scoreButton = nullptr;
    QStackedWidget* m_stack = nullptr;
    EmptyState* m_empty = nullptr;
    QPushButton* m_emptyButton = nullptr;
    QPushButton* m_emptySecond = nullptr;
    QWidget* m_mainPage = nullptr;
    PageId m_emptyTarget = PageId::Data;
    SplitScorePanel* m_scorePanel = nullptr;
    SplitStatistics* m_statistics = nullptr;
    QLabel* m_readout = nullptr;
    RewardGapHistogram* m_histogram = nullptr;
    SplitRulePanel* m_rulePanel = nullptr;
    QLineEdit* m_name = nullptr;
    QPushButton* m_save = nullptr;
    QPushButton* m_export = nullptr;
    QLabel* m_note = nullptr;
    SplitDetails* m_details = nullptr;
    QPlainTextEdit* m_command = nullptr;

    std::string m_chosen; ///< score set that is shown or being loaded
    std::shared_ptr<const SplitData> m_data;
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

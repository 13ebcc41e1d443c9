// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"
#include "ui/page.h"

#include <QTimer>

#include <memory>
#include <optional>
#include <string>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QTableView;

namespace mpo {

class ItemPicker;
class PairView;
class RewardGapHistogram;
class ScoredPairModel;
class SplitLengthView;
class SplitLoader;
class SplitRulePanel;
class SplitScorePanel;

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
    QWidget* makeEmpty();
    QWidget* makeMain();
    QWidget* makeStatistics();
    QWidget* makeHistogramCard();
    QWidget* makeRuleCard();
    QWidget* makeExamples();
    QWidget* makeCommandRow();
    void connectAll();

    void choose(const QString& scoreSet);
    void showData(std::shared_ptr<const SplitData> data);
    void setRule(const SplitRule& rule);
    void moveThreshold(double gap);
    void say(SplitRule::By by);
    void showRule();
    void showStatistics();
    void showLengths();
    void showPointed(std::optional<double> gap);
    void showExamples();
    void showPair();
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
    QWidget* m_emptyPage = nullptr;
    QWidget* m_mainPage = nullptr;
    QLabel* m_emptyTitle = nullptr;
    QLabel* m_emptyText = nullptr;
    QPushButton* m_emptyButton = nullptr;
    QPushButton* m_emptySecond = nullptr;
    PageId m_emptyTarget = PageId::Data;
    SplitScorePanel* m_scorePanel = nullptr;

    struct Statistic
    {
        QWidget* box = nullptr;
        QLabel* value = nullptr;
        QLabel* name = nullptr;
    };
    Statistic m_easy, m_hard, m_contradictory, m_accuracy, m_longer;
    QLabel* m_readout = nullptr;
    RewardGapHistogram* m_histogram = nullptr;
    SplitRulePanel* m_rulePanel = nullptr;
    QLineEdit* m_name = nullptr;
    QPushButton* m_save = nullptr;
    QPushButton* m_export = nullptr;
    QLabel* m_note = nullptr;
    QLabel* m_examplesTitle = nullptr;
    ScoredPairModel* m_examples = nullptr;
    QTableView* m_table = nullptr;
    PairView* m_pairView = nullptr;
    SplitLengthView* m_lengthView = nullptr;
    QLabel* m_lengthText = nullptr;
    QLineEdit* m_command = nullptr;

    std::string m_chosen; ///< score set that is shown or being loaded
    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const PairLengths> m_lengths;
    SplitRule m_rule;
    double m_threshold = 0.0;
    std::optional<double> m_exampleGap; ///< where the user clicked; empty: at the threshold
    QTimer m_examplesTimer;
    enum class Waiting { Nothing, Scores, Split };
    Waiting m_waiting = Waiting::Nothing;
    bool m_answered = false; ///< what is waited for has come: the next CommandFinished is its own
    bool m_scoreWanted = false; ///< the score panel is open
    bool m_refreshing = false; ///< choices that change are not the user's
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/split_data.h"

#include <QTabWidget>

#include <memory>

class QLabel;
class QPushButton;

namespace mpo {

class Project;
class SplitCalibrationView;
class SplitComparison;
class SplitEditLog;
class SplitLengthView;
class SplitPairBrowser;
struct SecondScores;

/// What lies below the histogram: pairs to read and mend, with the log of that; how much the gaps owe to length; how
/// far the confidence of the reward model can be trusted; and what another scoring says of the same pairs.
class SplitDetails : public QTabWidget
{
    Q_OBJECT
public:
    explicit SplitDetails(const Project& project, QWidget* parent = nullptr);

    void setData(std::shared_ptr<const SplitData> data); ///< nullptr: being loaded
    void setEdited(std::shared_ptr<const SplitData> data); ///< the same scores with other edits by hand
    void setLengths(std::shared_ptr<const PairLengths> lengths); ///< REQUIRES data
    void showRule(double threshold, const SplitRule& rule);
    void showLog(std::vector<PairChange> log);
    /// Of the same data, to compare with; `current`: the one that is, or is being loaded; empty: none.
    void setOtherScores(const QStringList& scoreSets, const QString& current);
    void setSecond(std::shared_ptr<const SecondScores> scores); ///< nullptr: none, or being loaded
    void setEditable(bool on); ///< pairs may be flipped and dropped
    QPushButton* roomButton() const { return m_room; } ///< checked: the histogram gives up its room
    SplitPairBrowser& browser() { return *m_browser; }

Q_SIGNALS:
    void editRequested(mpo::PairEdit edit, const std::vector<std::int64_t>& pairs);
    void undoRequested();
    void redoRequested();
    void secondChosen(const QString& scoreSet); ///< empty: none

protected:
    void paintEvent(QPaintEvent*) override { } ///< no line under the corner
    void changeEvent(QEvent* event) override;

private:
    QWidget* makeCorner();
    void showRoom();
    QWidget* makeLength();
    QWidget* makeCalibration();
    void showCalibration();
    void showLengthText();

    SplitPairBrowser* m_browser = nullptr;
    QLabel* m_note = nullptr;
    QPushButton* m_room = nullptr;
    SplitLengthView* m_lengthView = nullptr;
    QLabel* m_lengthText = nullptr;
    SplitCalibrationView* m_calibrationView = nullptr;
    QLabel* m_calibrationText = nullptr;
    SplitEditLog* m_log = nullptr;
    SplitComparison* m_comparison = nullptr;

    std::shared_ptr<const SplitData> m_data;
    std::shared_ptr<const PairLengths> m_lengths;
    SplitRule m_rule;
    double m_threshold = 0.0;
};

} // namespace mpo

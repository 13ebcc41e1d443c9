// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/second_scores.h"

#include <QImage>
#include <QTimer>
#include <QWidget>

#include <memory>

class QComboBox;
class QLabel;
class QPushButton;

namespace mpo {

/// Reward gaps by two scorings against each other, as a density, with the threshold of each.
class GapDensityView : public QWidget
{
    Q_OBJECT
public:
    explicit GapDensityView(QWidget* parent = nullptr);

    void setScores(std::shared_ptr<const SecondScores> scores); ///< nullptr: none, `sentence` is shown
    void setSentence(const QString& sentence);
    void setThresholds(double a, double b);

    QSize minimumSizeHint() const override { return {260, 120}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    std::shared_ptr<const SecondScores> m_scores;
    QString m_sentence;
    double m_thresholdA = 0.0, m_thresholdB = 0.0;
    QImage m_picture;
};

/// A second scoring of the same pairs beside the first: how far they agree, and which pairs would change sides.
class SplitComparison : public QWidget
{
    Q_OBJECT
public:
    explicit SplitComparison(QWidget* parent = nullptr);

    void setChoices(const QStringList& scoreSets, const QString& current); ///< others of the same data
    void setScores(std::shared_ptr<const SecondScores> scores); ///< nullptr: none, or being loaded
    void showRule(double threshold, const SplitRule& rule);

Q_SIGNALS:
    void chosen(const QString& scoreSet); ///< empty: none
    void disagreeingRequested();

protected:
    void showEvent(QShowEvent* event) override;

private:
    void showSentence();
    void showNumbers();

    QComboBox* m_choice = nullptr;
    GapDensityView* m_view = nullptr;
    QLabel* m_text = nullptr;
    QPushButton* m_list = nullptr;
    std::shared_ptr<const SecondScores> m_scores;
    SplitRule m_rule;
    double m_threshold = 0.0;
    QTimer m_timer;
};

} // namespace mpo

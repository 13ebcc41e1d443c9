// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/store/project.h"

#include <QWidget>

#include <map>
#include <vector>

class QLabel;
class QSlider;
class QTextBrowser;

namespace mpo {

/// Responses to fixed prompts during a run: a slider over the steps, and for each prompt what the policy answers at
/// that step beside what the reference answers, with scores of a reward model where one is known.
class SampleView : public QWidget
{
    Q_OBJECT
public:
    explicit SampleView(QWidget* parent = nullptr);

    void setSamples(const std::vector<SampleRow>& samples);
    void append(const std::vector<SampleRow>& samples); ///< follows the newest step unless an earlier one was chosen
    int stepCount() const { return int(m_steps.size()); }
    QString text() const; ///< that is shown

protected:
    void changeEvent(QEvent* event) override;

private:
    void updateSlider(bool toEnd);
    void showStep();

    QString htmlOf(const SampleRow& sample) const;

    std::map<qint64, std::vector<SampleRow>> m_steps; ///< of the policy
    std::map<qint64, SampleRow> m_reference; ///< by item
    QSlider* m_slider = nullptr;
    QLabel* m_step = nullptr;
    QTextBrowser* m_text = nullptr;
    QLabel* m_noScores = nullptr;
    QLabel* m_empty = nullptr;
};

} // namespace mpo

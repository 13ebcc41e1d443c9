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

/// Responses sampled during a run: a slider over the steps, and prompt, response and score of each sample of that step.
class SampleView : public QWidget
{
    Q_OBJECT
public:
    explicit SampleView(QWidget* parent = nullptr);

    void setSamples(const std::vector<SampleRow>& samples);
    void append(const std::vector<SampleRow>& samples); ///< follows the newest step unless an earlier one was chosen
    int stepCount() const { return int(m_steps.size()); }

protected:
    void changeEvent(QEvent* event) override;

private:
    void updateSlider(bool toEnd);
    void showStep();

    std::map<qint64, std::vector<SampleRow>> m_steps;
    QSlider* m_slider = nullptr;
    QLabel* m_step = nullptr;
    QTextBrowser* m_text = nullptr;
    QLabel* m_empty = nullptr;
};

} // namespace mpo

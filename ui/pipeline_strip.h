// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

class QLabel;
class QPushButton;

namespace mpo {

/// Steps of a recipe or the demo above the page: one mark each, the running one named.
class PipelineStrip : public QWidget
{
    Q_OBJECT
public:
    explicit PipelineStrip(QWidget* parent = nullptr);

    void showStep(const PipelineStep& step);
    void finish(const QString& sentence, bool success); ///< the last word; with success a button to the result
    void setFollowing(bool following); ///< false: a button offers to follow again
    void setResultShown(bool shown); ///< the button to it is of no use then
    int step() const { return m_step; }

Q_SIGNALS:
    void followRequested();
    void resultRequested();
    void closed();

private:
    class Marks;
    Marks* m_marks = nullptr;
    QLabel* m_title = nullptr;
    QPushButton* m_follow = nullptr;
    QPushButton* m_result = nullptr;
    QPushButton* m_close = nullptr;
    int m_step = 0;
    bool m_hasResult = false, m_resultShown = false;
};

} // namespace mpo

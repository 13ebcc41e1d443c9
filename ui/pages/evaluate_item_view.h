// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QString;

namespace mpo {

struct EvaluationItemRow;

/// A prompt and its two responses side by side, for reading: plain text whatever is in it, and no focus, so that keys
/// stay verdicts.
class EvaluateItemView : public QWidget
{
    Q_OBJECT
public:
    explicit EvaluateItemView(QWidget* parent = nullptr);

    void showItem(const EvaluationItemRow& item);
    void setHeadings(const QString& left, const QString& right); ///< until then "Left" and "Right"
    void scrollResponses(int pages); ///< both together
    void scrollPrompt(int pages);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void fitPrompt();

    QLabel* m_leftHeading = nullptr;
    QLabel* m_rightHeading = nullptr;
    QPlainTextEdit* m_prompt = nullptr;
    QPlainTextEdit* m_left = nullptr;
    QPlainTextEdit* m_right = nullptr;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <QWidget>

#include <vector>

class QFrame;
class QLabel;
class QPushButton;
class QString;

namespace mpo {

class MarkdownView;
struct EvaluationItemRow;

/// A prompt and its two responses side by side in equal type, for reading: Markdown rendered or as it is, of a prompt
/// of many turns all or the last one, and no focus, so that keys stay verdicts. Both choices are remembered.
class EvaluateItemView : public QWidget
{
    Q_OBJECT
public:
    /// `keys`: buttons name the keys that their owner hands on.
    explicit EvaluateItemView(bool keys = false, QWidget* parent = nullptr);

    void showItem(const EvaluationItemRow& item);
    void setHeadings(const QString& left, const QString& right); ///< until then "Left" and "Right"
    void scrollResponses(int pages); ///< both together
    void scrollPrompt(int pages);
    void toggleRaw();
    void toggleEarlierTurns(); ///< nothing where there are none

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QFrame* makePromptCard(bool keys);
    void apply();
    void fitPrompt();

    std::vector<ChatMessage> m_turns; ///< of the prompt
    QLabel* m_leftHeading = nullptr;
    QLabel* m_rightHeading = nullptr;
    QLabel* m_promptHeading = nullptr;
    QPushButton* m_earlier = nullptr;
    QPushButton* m_raw = nullptr;
    MarkdownView* m_prompt = nullptr;
    MarkdownView* m_left = nullptr;
    MarkdownView* m_right = nullptr;
};

} // namespace mpo

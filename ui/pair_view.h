// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/dataset_inspection.h"

#include <QWidget>

#include <optional>

class QCheckBox;
class QHBoxLayout;
class QLabel;
class QTextBrowser;

namespace mpo {

struct PreferencePair;

/// A pair for reading: the prompt above, chosen and rejected side by side below it, with what tells them apart marked.
class PairView : public QWidget
{
    Q_OBJECT
public:
    explicit PairView(QWidget* parent = nullptr);

    void setPair(const PreferencePair& pair);
    /// The pair as a model gets it, with its special tokens and the number of tokens.
    void setTokens(const TokenPreview::Row& row);
    void setTools(QWidget* tools); ///< beside the heading of the prompt; takes them
    void setNote(const QString& note); ///< small line above: "Pair 12 · gap 0.31"; empty: none
    void clear(const QString& sentence);

protected:
    void changeEvent(QEvent* event) override;

private:
    void setHeading(int part, std::int64_t tokens); ///< tokens < 0: not counted
    void showTexts(const QString& prompt, const QString& chosen, const QString& rejected);
    void markDifferences();
    void fitPrompt(); ///< no higher than its text, where responses can use the room

    QLabel* m_note = nullptr;
    QLabel* m_empty = nullptr;
    QWidget* m_body = nullptr;
    std::optional<TokenPreview::Row> m_tokens; ///< what is shown, where it is tokens
    QLabel* m_headings[3] {}; ///< over prompt, chosen, rejected
    QCheckBox* m_differences = nullptr;
    QHBoxLayout* m_tools = nullptr; ///< left of it
    QTextBrowser* m_prompt = nullptr;
    QTextBrowser* m_chosen = nullptr;
    QTextBrowser* m_rejected = nullptr;
};

} // namespace mpo

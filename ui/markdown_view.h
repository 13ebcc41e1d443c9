// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <QTextBrowser>

#include <vector>

namespace mpo {

/// Texts that models or people wrote, for reading: Markdown and code rendered, or as they are. Nothing in them reaches
/// out: HTML is shown as text, pictures as their address, links lead nowhere, and no resource is ever loaded. Line
/// breaks stay line breaks.
class MarkdownView : public QTextBrowser
{
    Q_OBJECT
public:
    explicit MarkdownView(QWidget* parent = nullptr);

    void setText(const QString& text);
    /// A dialogue: each turn under the name of its role; one of a user alone has no name above it.
    void setTurns(const std::vector<ChatMessage>& turns);
    void setRaw(bool raw); ///< false at first: rendered
    bool isRaw() const { return m_raw; }
    int wantedHeight() const; ///< shows all of the text at the present width

protected:
    void changeEvent(QEvent* event) override;

private:
    void render();
    void renderDialogue();
    void spaceBlocks();
    void tidy();

    std::vector<ChatMessage> m_turns;
    bool m_raw = false, m_rendering = false;
};

} // namespace mpo

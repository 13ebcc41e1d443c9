// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/engine/talk.h"

#include <QWidget>

#include <array>
#include <optional>
#include <vector>

class QDoubleSpinBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QTextBrowser;

namespace mpo {

class EngineBridge;
class ItemPicker;
class Project;

/// Talking with one model, or with two that get the same messages and answer side by side. Each keeps its own dialogue.
/// A reward model can score the answers.
class ChatPanel : public QWidget
{
    Q_OBJECT
public:
    ChatPanel(EngineBridge& bridge, Project& project, QWidget* parent = nullptr);

    void refresh(); ///< reads the models from the store
    void setModel(const QString& name); ///< on the left
    void send(); ///< what is typed
    void clear();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Line
    {
        ChatMessage message;
        QString note; ///< "12 tokens · 1.2 s · reward 0.31"; "cut off"
    };
    struct Side
    {
        ItemPicker* model = nullptr;
        QWidget* column = nullptr;
        QTextBrowser* view = nullptr;
        std::vector<Line> lines;
        std::string writing; ///< what it has written of its next line
    };

    QWidget* makeTools();
    QWidget* makeInput();
    bool twoSides() const;
    void showSide(std::size_t side);
    void updateState();
    void receive(const ChatAnswered& event);
    void showWriting(const ChatWriting& event);

    EngineBridge& m_bridge;
    Project& m_project;
    std::array<Side, 2> m_sides;
    ItemPicker* m_reward = nullptr;
    QDoubleSpinBox* m_temperature = nullptr;
    QSpinBox* m_longest = nullptr;
    QPlainTextEdit* m_input = nullptr;
    QPushButton* m_send = nullptr;
    QPushButton* m_clear = nullptr;
    QLabel* m_state = nullptr;
    std::optional<std::size_t> m_waiting; ///< the side that answers next
    std::uint64_t m_seed = 42; ///< of the next turn
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <array>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace mpo {

class EngineBridge;
class ItemPicker;
class Project;
struct AnswersScored;

/// What a reward model says of one or two answers that are typed in, and how sure it is which is better.
class AnswerScorePanel : public QWidget
{
    Q_OBJECT
public:
    AnswerScorePanel(EngineBridge& bridge, Project& project, QWidget* parent = nullptr);

    void refresh(); ///< reads the models from the store
    void setModel(const QString& name);
    void score();

private:
    void receive(const AnswersScored& event);
    void forget(); ///< the scores belong to other texts
    void updateState();

    EngineBridge& m_bridge;
    Project& m_project;
    ItemPicker* m_model = nullptr;
    QPlainTextEdit* m_prompt = nullptr;
    std::array<QPlainTextEdit*, 2> m_answers {};
    std::array<QLabel*, 2> m_scores {};
    QLabel* m_verdict = nullptr;
    QPushButton* m_score = nullptr;
    bool m_waiting = false;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/answer_score_panel.h"

#include "core/engine/talk.h"
#include "core/store/project.h"
#include "ui/engine_bridge.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/style.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <cmath>

namespace mpo {

namespace {

QPlainTextEdit* makeEdit(const QString& placeholder, const QString& name)
{
    auto* edit = new QPlainTextEdit;
    edit->setPlaceholderText(placeholder);
    edit->setAccessibleName(name);
    edit->setTabChangesFocus(true);
    return edit;
}

QLabel* makeCaption(const QString& text)
{
    auto* label = new QLabel(text);
    setRole(label, "group");
    return label;
}

} // namespace

AnswerScorePanel::AnswerScorePanel(EngineBridge& bridge, Project& project, QWidget* parent)
    : QWidget(parent)
    , m_bridge(bridge)
    , m_project(project)
    , m_model(new ItemPicker)
    , m_prompt(makeEdit(tr("What is asked"), tr("Prompt")))
    , m_verdict(makeHint({}))
    , m_score(new QPushButton(tr("Score")))
{
    m_model->setPlaceholder(tr("No reward model yet"));
    m_model->setAccessibleName(tr("Reward model"));
    m_score->setToolTip(tr("Ctrl+Enter"));
    m_score->setShortcut(Qt::CTRL | Qt::Key_Return);
    setRole(m_score, "primary");
    m_verdict->setObjectName(QStringLiteral("verdict"));
    auto* head = new QHBoxLayout;
    head->setSpacing(kSpace);
    head->addWidget(m_model, 2);
    head->addWidget(m_verdict, 5);
    head->addWidget(m_score);

    auto* columns = new QHBoxLayout;
    columns->setSpacing(2 * kSpace);
    for (std::size_t i = 0; i < m_answers.size(); ++i) {
        m_answers[i] = makeEdit(i == 0 ? tr("An answer") : tr("Another answer, to compare; may stay empty"),
            i == 0 ? tr("Answer") : tr("Second answer"));
        m_scores[i] = new QLabel(QStringLiteral("–"));
        setRole(m_scores[i], "value");
        m_scores[i]->setObjectName(i == 0 ? QStringLiteral("score") : QStringLiteral("score2"));
        auto* title = new QHBoxLayout;
        title->addWidget(makeCaption(i == 0 ? tr("Answer") : tr("Second answer")));
        title->addStretch(1);
        title->addWidget(makeCaption(tr("Reward")));
        title->addWidget(m_scores[i]);
        auto* column = new QVBoxLayout;
        column->setSpacing(kSpace / 2);
        column->addLayout(title);
        column->addWidget(m_answers[i], 1);
        columns->addLayout(column, 1);
        connect(m_answers[i], &QPlainTextEdit::textChanged, this, &AnswerScorePanel::forget);
    }
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(kSpace);
    layout->addLayout(head);
    layout->addWidget(makeCaption(tr("Prompt")));
    layout->addWidget(m_prompt, 2);
    layout->addLayout(columns, 3);

    connect(m_prompt, &QPlainTextEdit::textChanged, this, &AnswerScorePanel::forget);
    connect(m_model, &ItemPicker::changed, this, &AnswerScorePanel::forget);
    connect(m_score, &QPushButton::clicked, this, &AnswerScorePanel::score);
    connect(&m_bridge, &EngineBridge::answersScored, this, &AnswerScorePanel::receive);
    connect(&m_bridge, &EngineBridge::busyChanged, this, &AnswerScorePanel::updateState);
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (!std::exchange(m_waiting, false))
            return;
        if (event.outcome == CommandFinished::Outcome::Failed) {
            setRole(m_verdict, "error");
            m_verdict->setText(toQString(event.message));
        }
        updateState();
    });
    forget();
}

void AnswerScorePanel::refresh()
{
    m_model->setItems(modelItems(m_project, QStringLiteral("reward")));
    updateState();
}

void AnswerScorePanel::setModel(const QString& name) { m_model->setValue(name); }

void AnswerScorePanel::score()
{
    if (!m_score->isEnabled())
        return;
    ScoreAnswers command;
    command.rewardModel = m_model->value().toStdString();
    command.dialogue = {{"user", m_prompt->toPlainText().trimmed().toStdString()}};
    for (const QPlainTextEdit* edit : m_answers)
        if (const QString text = edit->toPlainText().trimmed(); !text.isEmpty())
            command.answers.push_back(text.toStdString());
    forget();
    m_waiting = true;
    m_verdict->setText(tr("Scoring …"));
    m_bridge.post(command);
    updateState();
}

void AnswerScorePanel::receive(const AnswersScored& event)
{
    if (!m_waiting)
        return;
    m_verdict->clear();
    std::size_t next = 0;
    std::vector<double> shown;
    for (std::size_t i = 0; i < m_answers.size(); ++i)
        if (!m_answers[i]->toPlainText().trimmed().isEmpty() && next < event.scores.size()) {
            shown.push_back(event.scores[next++]);
            m_scores[i]->setText(formatNumber(shown.back(), 4));
        }
    if (shown.size() == 2) {
        const double gap = std::abs(shown[0] - shown[1]);
        const double sure = 1.0 / (1.0 + std::exp(-gap));
        m_verdict->setText(gap == 0.0
                ? tr("Both have the same reward.")
                : tr("The %1 answer is better by %2; the reward model is %3 sure.")
                      .arg(shown[0] > shown[1] ? tr("first") : tr("second"), formatNumber(gap, 3), formatShare(sure)));
    }
}

void AnswerScorePanel::forget()
{
    if (m_waiting)
        return;
    for (QLabel* score : m_scores)
        score->setText(QStringLiteral("–"));
    setRole(m_verdict, "hint");
    m_verdict->clear();
    updateState();
}

void AnswerScorePanel::updateState()
{
    const auto filled = [](const QPlainTextEdit* edit) { return !edit->toPlainText().trimmed().isEmpty(); };
    m_score->setEnabled(!m_bridge.busy() && !m_bridge.readOnly() && !m_model->value().isEmpty() && filled(m_prompt)
        && (filled(m_answers[0]) || filled(m_answers[1])));
    m_score->setToolTip(
        m_bridge.busy() && !m_waiting ? tr("Something is running; score when it has finished.") : tr("Ctrl+Enter"));
    for (QPlainTextEdit* edit : {m_prompt, m_answers[0], m_answers[1]})
        edit->setReadOnly(m_waiting);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/chat_panel.h"

#include "core/store/project.h"
#include "ui/engine_bridge.h"
#include "ui/format.h"
#include "ui/forms/item_picker.h"
#include "ui/style.h"

#include <QDoubleSpinBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace mpo {

namespace {

QString htmlOf(const std::string& text)
{
    return toQString(text).trimmed().toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>"));
}

} // namespace

ChatPanel::ChatPanel(EngineBridge& bridge, Project& project, QWidget* parent)
    : QWidget(parent)
    , m_bridge(bridge)
    , m_project(project)
{
    auto* columns = new QHBoxLayout;
    columns->setSpacing(2 * kSpace);
    for (std::size_t i = 0; i < m_sides.size(); ++i) {
        Side& side = m_sides[i];
        side.model = new ItemPicker;
        side.model->setAccessibleName(i == 0 ? tr("Model") : tr("Second model"));
        side.model->setPlaceholder(tr("No language model yet"));
        if (i == 1)
            side.model->setOptional(tr("No second model"));
        side.view = new QTextBrowser;
        setRole(side.view, "reading");
        side.view->setOpenLinks(false);
        side.view->setAccessibleName(i == 0 ? tr("Dialogue") : tr("Dialogue with the second model"));
        side.view->document()->setDocumentMargin(0);
        QFrame* card = makeCard();
        side.column = card;
        auto* layout = new QVBoxLayout(card);
        layout->setContentsMargins(2 * kSpace, kSpace + kSpace / 2, kSpace, kSpace);
        layout->addWidget(side.view);
        columns->addWidget(card, 1);
        connect(side.model, &ItemPicker::changed, this, [this, i] {
            m_sides[i].lines.clear(); // another model has said none of it
            showSide(i);
            updateState();
        });
    }
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, kSpace, 0, 0);
    layout->setSpacing(kSpace + kSpace / 2);
    layout->addWidget(makeTools());
    layout->addLayout(columns, 1);
    layout->addWidget(makeInput());

    connect(&m_bridge, &EngineBridge::chatAnswered, this, &ChatPanel::receive);
    connect(&m_bridge, &EngineBridge::chatWriting, this, &ChatPanel::showWriting);
    connect(&m_bridge, &EngineBridge::busyChanged, this, &ChatPanel::updateState);
    connect(&m_bridge, &EngineBridge::progress, this, [this](const Progress& event) {
        if (m_waiting)
            m_state->setText(toQString(event.what) + QStringLiteral(" …"));
    });
    connect(&m_bridge, &EngineBridge::commandFinished, this, [this](const CommandFinished& event) {
        if (!m_waiting)
            return;
        // What was not answered can be asked again.
        const std::size_t next = *m_waiting;
        m_waiting.reset();
        for (Side& side : m_sides)
            side.writing.clear();
        for (std::size_t side = next; side < (twoSides() ? 2U : 1U); ++side) {
            if (!m_sides[side].lines.empty() && m_sides[side].lines.back().message.role == "user") {
                if (side == 0 && m_input->toPlainText().isEmpty())
                    m_input->setPlainText(toQString(m_sides[side].lines.back().message.content));
                m_sides[side].lines.pop_back();
            }
            showSide(side);
        }
        setRole(m_state, event.outcome == CommandFinished::Outcome::Failed ? "error" : "hint");
        m_state->setText(event.outcome == CommandFinished::Outcome::Failed ? toQString(event.message)
                : event.outcome == CommandFinished::Outcome::Cancelled     ? tr("Stopped.")
                                                                           : QString());
        updateState();
    });
    for (std::size_t side = 0; side < m_sides.size(); ++side)
        showSide(side);
    updateState();
}

QWidget* ChatPanel::makeTools()
{
    m_reward = new ItemPicker;
    m_reward->setOptional(tr("No scores"));
    m_reward->setAccessibleName(tr("Reward model for the answers"));
    m_temperature = new QDoubleSpinBox;
    m_temperature->setRange(0.0, 2.0);
    m_temperature->setSingleStep(0.1);
    m_temperature->setValue(0.7);
    m_temperature->setPrefix(tr("Temperature "));
    m_temperature->setToolTip(tr("0: always the most probable word"));
    m_temperature->setAccessibleName(tr("Temperature"));
    m_longest = new QSpinBox;
    m_longest->setRange(1, 4096);
    m_longest->setValue(256);
    m_longest->setSuffix(tr(" tokens at most"));
    m_longest->setAccessibleName(tr("Longest answer"));
    auto* tools = new QWidget;
    auto* layout = new QHBoxLayout(tools);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace);
    layout->addWidget(m_sides[0].model, 3);
    layout->addWidget(m_sides[1].model, 3);
    layout->addWidget(m_reward, 3);
    layout->addWidget(m_temperature);
    layout->addWidget(m_longest);
    return tools;
}

QWidget* ChatPanel::makeInput()
{
    m_input = new QPlainTextEdit;
    m_input->setPlaceholderText(tr("Write a message. Enter sends it, Shift+Enter begins a new line."));
    m_input->setAccessibleName(tr("Message"));
    m_input->setFixedHeight(9 * kSpace);
    m_input->setTabChangesFocus(true);
    m_input->installEventFilter(this);
    m_send = new QPushButton;
    setRole(m_send, "primary");
    m_send->setMinimumWidth(11 * kSpace);
    m_clear = new QPushButton(tr("Clear"));
    m_clear->setToolTip(tr("Begin the dialogue anew"));
    m_state = makeHint({});
    connect(m_input, &QPlainTextEdit::textChanged, this, &ChatPanel::updateState);
    connect(m_send, &QPushButton::clicked, this, [this] {
        if (m_waiting)
            m_bridge.cancel();
        else
            send();
    });
    connect(m_clear, &QPushButton::clicked, this, &ChatPanel::clear);
    auto* buttons = new QVBoxLayout;
    buttons->setSpacing(kSpace);
    buttons->addWidget(m_send);
    buttons->addWidget(m_clear);
    buttons->addStretch(1);
    auto* row = new QHBoxLayout;
    row->setSpacing(kSpace);
    row->addWidget(m_input, 1);
    row->addLayout(buttons);
    auto* input = new QWidget;
    auto* layout = new QVBoxLayout(input);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    layout->addLayout(row);
    layout->addWidget(m_state);
    return input;
}

bool ChatPanel::twoSides() const { return !m_sides[1].model->value().isEmpty(); }

void ChatPanel::refresh()
{
    for (Side& side : m_sides)
        side.model->setItems(modelItems(m_project, QStringLiteral("policy")));
    m_reward->setItems(modelItems(m_project, QStringLiteral("reward")));
    updateState();
}

void ChatPanel::setModel(const QString& name) { m_sides[0].model->setValue(name); }

void ChatPanel::send()
{
    const std::string text = m_input->toPlainText().trimmed().toStdString();
    if (text.empty() || m_bridge.busy() || m_bridge.readOnly() || m_sides[0].model->value().isEmpty())
        return;
    ChatTurn command;
    for (std::size_t i = 0; i < (twoSides() ? 2U : 1U); ++i) {
        Side& side = m_sides[i];
        side.lines.push_back({{"user", text}, {}});
        ChatTurn::Side asked;
        asked.model = side.model->value().toStdString();
        for (const Line& line : side.lines)
            asked.dialogue.push_back(line.message);
        command.sides.push_back(std::move(asked));
    }
    command.rewardModel = m_reward->value().toStdString();
    command.maxNewTokens = m_longest->value();
    command.temperature = m_temperature->value();
    command.greedy = m_temperature->value() == 0.0;
    if (command.greedy)
        command.temperature = 1.0;
    command.seed = m_seed++;
    m_waiting = 0;
    m_input->clear();
    setRole(m_state, "hint");
    m_state->clear();
    for (std::size_t side = 0; side < command.sides.size(); ++side)
        showSide(side);
    m_bridge.post(command);
    updateState();
}

void ChatPanel::receive(const ChatAnswered& event)
{
    if (!m_waiting || event.side >= m_sides.size())
        return;
    QStringList note;
    note << (event.tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(formatCount(event.tokens)));
    note << formatDuration(event.seconds);
    if (!event.finished)
        note << tr("cut off");
    if (event.score)
        note << tr("reward %1").arg(formatNumber(*event.score, 3));
    m_sides[event.side].writing.clear();
    m_sides[event.side].lines.push_back({{"assistant", event.text}, note.join(QStringLiteral(" · "))});
    m_waiting = event.side + 1;
    showSide(event.side);
    if (event.side == 0 && twoSides())
        showSide(1);
}

void ChatPanel::showWriting(const ChatWriting& event)
{
    if (m_waiting != event.side)
        return;
    m_sides[event.side].writing = event.text;
    showSide(event.side);
}

void ChatPanel::clear()
{
    if (m_waiting)
        return;
    for (std::size_t i = 0; i < m_sides.size(); ++i) {
        m_sides[i].lines.clear();
        showSide(i);
    }
    m_state->clear();
    m_input->setFocus();
    updateState();
}

void ChatPanel::showSide(std::size_t number)
{
    const Side& side = m_sides[number];
    const Colours& c = colours();
    const auto small = [&](const QString& text, const QColor& colour) {
        return QStringLiteral("<div style='color:%1; font-size:%2px'>%3</div>")
            .arg(colour.name())
            .arg(kFontSmall)
            .arg(text);
    };
    QString html;
    for (const Line& line : side.lines) {
        const bool user = line.message.role == "user";
        html += small(user ? tr("<b>You</b>") : QStringLiteral("<b>%1</b>").arg(side.model->value().toHtmlEscaped()),
            user ? c.muted : c.series.at(int(number)));
        html += QStringLiteral("<div style='margin-top:2px'>%1</div>")
                    .arg(line.message.content.empty() ? QStringLiteral("<i>%1</i>").arg(tr("nothing"))
                                                      : htmlOf(line.message.content));
        html += small(
            line.note.isEmpty() ? QStringLiteral("&nbsp;") : line.note + QStringLiteral("<br>&nbsp;"), c.muted);
    }
    if (m_waiting && *m_waiting == number && !side.lines.empty()) {
        if (!side.writing.empty())
            html
                += small(QStringLiteral("<b>%1</b>").arg(side.model->value().toHtmlEscaped()), c.series.at(int(number)))
                + QStringLiteral("<div style='margin-top:2px'>%1</div>").arg(htmlOf(side.writing));
        html += small(tr("is writing …"), c.muted);
    } else if (side.lines.empty())
        html = small(side.model->value().isEmpty() ? tr("Import a model, or run the demo, which makes its own.")
                                                   : tr("Nothing said yet."),
            c.muted);
    side.view->setHtml(html);
    side.view->verticalScrollBar()->setValue(side.view->verticalScrollBar()->maximum());
}

void ChatPanel::updateState()
{
    m_sides[1].column->setVisible(twoSides());
    const bool hasModel = !m_sides[0].model->value().isEmpty();
    const bool others = m_bridge.busy() && !m_waiting;
    m_send->setText(m_waiting ? tr("Stop") : tr("Send"));
    m_send->setEnabled(
        m_waiting || (hasModel && !others && !m_bridge.readOnly() && !m_input->toPlainText().trimmed().isEmpty()));
    m_send->setToolTip(others ? tr("Something is running; models answer when it has finished.") : QString());
    m_input->setEnabled(hasModel && !m_bridge.readOnly());
    m_clear->setEnabled(!m_waiting && (!m_sides[0].lines.empty() || !m_sides[1].lines.empty()));
    for (Side& side : m_sides)
        side.model->setEnabled(!m_waiting);
    if (others && m_state->text().isEmpty())
        m_state->setText(tr("Something is running; models answer when it has finished."));
    else if (!others && !m_waiting
        && m_state->text() == tr("Something is running; models answer when it has finished."))
        m_state->clear();
}

bool ChatPanel::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_input && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if ((key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) && !(key->modifiers() & Qt::ShiftModifier)) {
            if (!m_waiting)
                send();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void ChatPanel::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_sides[1].view)
        for (std::size_t side = 0; side < m_sides.size(); ++side)
            showSide(side);
}

} // namespace mpo

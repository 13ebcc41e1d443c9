// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/navigation_rail.h"

#include "ui/format.h"
#include "ui/style.h"

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr int kRailWidth = 192;
constexpr int kRowHeight = 36;

QString stateIcon(StepState state)
{
    switch (state) {
    case StepState::Done:
        return QStringLiteral("done");
    case StepState::Running:
        return QStringLiteral("running");
    case StepState::Ready:
        return QStringLiteral("ready");
    case StepState::Waiting:
        return QStringLiteral("waiting");
    }
    return {};
}

QString stateWord(StepState state)
{
    switch (state) {
    case StepState::Done:
        return RailButton::tr("done");
    case StepState::Running:
        return RailButton::tr("running");
    case StepState::Ready:
        return RailButton::tr("ready");
    case StepState::Waiting:
        return RailButton::tr("waiting");
    }
    return {};
}

} // namespace

RailButton::RailButton(PageId page, const QString& icon, QWidget* parent)
    : QAbstractButton(parent)
    , m_page(page)
    , m_icon(icon)
    , m_onPath(page != PageId::Runs && page != PageId::Models)
{
    setText(pageTitle(page));
    setCheckable(true);
    setFocusPolicy(Qt::TabFocus);
    setCursor(Qt::PointingHandCursor);
    setFixedHeight(kRowHeight);
    setShortcut(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + int(page))));
}

QSize RailButton::sizeHint() const { return {kRailWidth - 2 * kSpace, kRowHeight}; }

void RailButton::setState(StepState state, const QString& reason)
{
    m_state = state;
    setToolTip(QStringLiteral("%1 (Ctrl+%2)\n%3").arg(text()).arg(int(m_page) + 1).arg(reason));
    setAccessibleName(QStringLiteral("%1, %2").arg(text(), stateWord(state)));
    update();
}

void RailButton::paintEvent(QPaintEvent*)
{
    const Colours& c = colours();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF area = QRectF(rect()).adjusted(0.5, 1.5, -0.5, -1.5);
    const bool current = isChecked();
    if (current || underMouse()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(current ? c.raised : c.window);
        painter.drawRoundedRect(area, kRadius, kRadius);
    }
    if (hasFocus()) {
        painter.setPen(QPen(c.accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(area, kRadius, kRadius);
    }
    const bool waits = m_onPath && m_state == StepState::Waiting;
    const QColor ink = current ? c.accent : waits ? c.faint : c.text;
    themedIcon(m_icon, current ? c.accent : c.muted).paint(&painter, QRect(kSpace + 2, (height() - 18) / 2, 18, 18));
    painter.setFont(fontOfSize(kFontBase, current ? QFont::DemiBold : QFont::Normal));
    painter.setPen(ink);
    const int left = kSpace + 18 + kSpace + 4;
    painter.drawText(QRect(left, 0, width() - left - 4 * kSpace, height()), Qt::AlignVCenter | Qt::AlignLeft, text());
    if (!m_onPath)
        return;
    const QColor mark = m_state == StepState::Done ? c.good
        : m_state == StepState::Running            ? c.accent
        : m_state == StepState::Ready              ? c.muted
                                                   : c.faint;
    themedIcon(stateIcon(m_state), mark).paint(&painter, QRect(width() - kSpace - 16, (height() - 16) / 2, 16, 16));
}

void RailButton::enterEvent(QEnterEvent* event)
{
    QAbstractButton::enterEvent(event);
    update();
}

void RailButton::leaveEvent(QEvent* event)
{
    QAbstractButton::leaveEvent(event);
    update();
}

NavigationRail::NavigationRail(QWidget* parent)
    : QWidget(parent)
    , m_project(new QLabel(this))
{
    setRole(this, "rail");
    setAttribute(Qt::WA_StyledBackground);
    setFixedWidth(kRailWidth);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kSpace, 2 * kSpace, kSpace, 2 * kSpace);
    layout->setSpacing(2);
    m_project->setContentsMargins(kSpace + 2, 0, 0, kSpace);
    m_project->setFont(fontOfSize(kFontBase, QFont::DemiBold));
    layout->addWidget(m_project);

    constexpr std::array icons {"data", "reward", "split", "dpo", "ppo", "evaluate", "runs", "models"};
    for (int i = 0; i < kPages; ++i) {
        const auto page = static_cast<PageId>(i);
        if (page == PageId::Runs) {
            layout->addSpacing(kSpace);
            auto* line = new QFrame(this);
            line->setFixedHeight(1);
            line->setFrameShape(QFrame::NoFrame);
            line->setAutoFillBackground(true);
            line->setBackgroundRole(QPalette::Mid);
            layout->addWidget(line);
            layout->addSpacing(kSpace);
        }
        auto* button = new RailButton(page, QLatin1String(icons[std::size_t(i)]), this);
        m_buttons[std::size_t(i)] = button;
        layout->addWidget(button);
        connect(button, &QAbstractButton::clicked, this, [this, page] {
            setCurrent(page);
            Q_EMIT chosen(page);
        });
    }
    m_buttons[std::size_t(PageId::Runs)]->setState(StepState::Ready, tr("Every run of the project"));
    m_buttons[std::size_t(PageId::Models)]->setState(StepState::Ready, tr("Every model of the project"));
    layout->addStretch(1);
}

void NavigationRail::setProject(const QString& name, const QString& folder)
{
    m_project->setText(m_project->fontMetrics().elidedText(name, Qt::ElideRight, kRailWidth - 4 * kSpace));
    m_project->setToolTip(folder);
}

void NavigationRail::setPath(const std::array<PathStep, 6>& path, std::optional<PageId> running)
{
    for (const PathStep& step : path) {
        const bool runs = running == step.page;
        m_buttons[std::size_t(step.page)]->setState(
            runs ? StepState::Running : step.state, runs ? tr("Running now") : step.reason);
    }
}

void NavigationRail::setCurrent(std::optional<PageId> page)
{
    for (RailButton* button : m_buttons)
        button->setChecked(page == button->page());
}

} // namespace mpo

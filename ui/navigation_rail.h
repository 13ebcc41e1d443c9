// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/path_state.h"

#include <QAbstractButton>
#include <QWidget>

#include <array>

class QLabel;

namespace mpo {

/// One entry: icon, title and, on the path, its state. Painted by hand so that icon, text and state keep one line.
class RailButton : public QAbstractButton
{
    Q_OBJECT
public:
    RailButton(PageId page, const QString& icon, QWidget* parent = nullptr);

    PageId page() const { return m_page; }
    void setState(StepState state, const QString& reason);
    StepState state() const { return m_state; }
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    PageId m_page;
    QString m_icon;
    StepState m_state = StepState::Waiting;
    bool m_onPath;
};

/// The left rail: the user's path with the state of each step, below it Runs and Models.
class NavigationRail : public QWidget
{
    Q_OBJECT
public:
    explicit NavigationRail(QWidget* parent = nullptr);

    void setProject(const QString& name, const QString& folder);
    void setPath(const std::array<PathStep, 6>& path, std::optional<PageId> running);
    void setCurrent(std::optional<PageId> page);
    StepState state(PageId page) const { return m_buttons[std::size_t(page)]->state(); }

Q_SIGNALS:
    void chosen(mpo::PageId page);

private:
    QLabel* m_project = nullptr;
    std::array<RailButton*, kPages> m_buttons {};
};

} // namespace mpo

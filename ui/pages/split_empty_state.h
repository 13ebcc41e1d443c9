// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"
#include "ui/pages/empty_state.h"

namespace mpo {

/// What the Split page shows while nothing is scored: the next step on the way to scores.
class SplitEmptyState : public EmptyState
{
    Q_OBJECT
public:
    explicit SplitEmptyState(QWidget* parent = nullptr);

    void refresh(const Project& project);

Q_SIGNALS:
    void openPage(mpo::PageId page);
    void scoreRequested();

private:
    QPushButton* m_first = nullptr;
    QPushButton* m_score = nullptr;
    PageId m_target = PageId::Data;
};

} // namespace mpo

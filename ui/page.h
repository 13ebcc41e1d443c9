// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/engine_bridge.h"
#include "ui/selection.h"

#include <QJsonObject>
#include <QWidget>

namespace mpo {

/// The pages in the order of the rail.
enum class PageId { Data, RewardModel, Split, Dpo, Ppo, Evaluate, Runs, Models };

/// A page gets what it needs in its constructor and connects itself. Pages never call each other: they ask with
/// openPage().
class Page : public QWidget
{
    Q_OBJECT
public:
    Page(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr)
        : QWidget(parent)
        , m_bridge(bridge)
        , m_selection(selection)
    {
    }

    /// Reads what it shows from the store again. Called when the page is opened and when a command has finished.
    virtual void refresh() = 0;

    /// What the user has chosen here, beyond what keepState() marks, to be found again at the next start.
    virtual QJsonObject choices() const { return {}; }
    virtual void restoreChoices(const QJsonObject& choices) { Q_UNUSED(choices) } ///< before the page is first shown

Q_SIGNALS:
    void openPage(mpo::PageId page);
    void message(const QString& sentence); ///< shown for a while in the status bar

protected:
    Project& project() const { return m_selection.project(); }

    EngineBridge& m_bridge;
    Selection& m_selection;
};

} // namespace mpo

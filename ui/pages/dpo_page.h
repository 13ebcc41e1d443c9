// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/page.h"

class QStackedWidget;

namespace mpo {

class TrainingPage;

/// DPO, with supervised fine-tuning beside it for base models that cannot answer yet.
class DpoPage : public Page
{
    Q_OBJECT
public:
    DpoPage(EngineBridge& bridge, Selection& selection, QWidget* parent = nullptr);

    void refresh() override;
    QJsonObject choices() const override;
    void restoreChoices(const QJsonObject& choices) override;
    void showStage(const std::string& stage); ///< "dpo" or "sft"

private:
    QStackedWidget* m_stack = nullptr;
};

} // namespace mpo

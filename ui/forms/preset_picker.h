// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/presets.h"

#include <QWidget>

#include <optional>

class QComboBox;
class QPushButton;

namespace mpo {

/// Which preset the settings of a form are those of, if any, and a choice of another; with a button for the one that
/// suits the chosen model.
class PresetPicker : public QWidget
{
    Q_OBJECT
public:
    explicit PresetPicker(StageKind stage, QWidget* parent = nullptr);

    void showSettings(const Settings& settings); ///< of the form
    void setParameters(std::optional<std::int64_t> parameters); ///< of the chosen model; empty: unknown

Q_SIGNALS:
    void chosen(const mpo::Settings& settings, const QString& title); ///< by the user

private:
    void choose(int index);
    void updateProposal();

    StageKind m_stage;
    QComboBox* m_combo = nullptr; ///< the defaults, then the presets
    QPushButton* m_proposal = nullptr;
    std::optional<std::int64_t> m_parameters;
};

} // namespace mpo

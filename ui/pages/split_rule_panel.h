// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/reward_gap.h"

#include <QWidget>

class QButtonGroup;
class QCheckBox;
class QComboBox;
class QDoubleSpinBox;

namespace mpo {

/// The rule of the split as numbers: reward gap, confidence and easy share stand beside each other and always say the
/// same; the one that is marked is what the split is saved by.
class SplitRulePanel : public QWidget
{
    Q_OBJECT
public:
    explicit SplitRulePanel(QWidget* parent = nullptr);

    void setGapDecimals(int decimals); ///< as the gaps of the data are told apart
    /// Shows a rule without a signal. `easyShare`: of the scored pairs, before contradictory ones are taken out.
    void showRule(const SplitRule& rule, double threshold, double easyShare);

Q_SIGNALS:
    void valueEdited(mpo::SplitRule::By by, double value); ///< in the unit of `by`
    void byChanged(mpo::SplitRule::By by); ///< same threshold, another way to say it
    void absoluteChanged(bool absolute);
    void contradictoryChanged(bool on, double threshold);
    void actionChanged(mpo::ContradictoryAction action);

private:
    QButtonGroup* m_by = nullptr;
    QDoubleSpinBox* m_gap = nullptr;
    QDoubleSpinBox* m_confidence = nullptr;
    QDoubleSpinBox* m_share = nullptr;
    QCheckBox* m_absolute = nullptr;
    QCheckBox* m_contradictory = nullptr;
    QDoubleSpinBox* m_contradictoryValue = nullptr;
    QComboBox* m_action = nullptr;
};

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_rule_panel.h"

#include "ui/style.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QRadioButton>
#include <QSignalBlocker>

#include <cmath>

namespace mpo {

namespace {

QDoubleSpinBox* makeSpin(const char* name, double minimum, double maximum, int decimals, double step)
{
    auto* spin = new QDoubleSpinBox;
    spin->setObjectName(QLatin1String(name));
    spin->setRange(minimum, maximum);
    spin->setDecimals(decimals);
    spin->setSingleStep(step);
    spin->setKeyboardTracking(false);
    spin->setAlignment(Qt::AlignRight);
    spin->setFixedWidth(104);
    return spin;
}

} // namespace

SplitRulePanel::SplitRulePanel(QWidget* parent)
    : QWidget(parent)
    , m_by(new QButtonGroup(this))
    , m_gap(makeSpin("gapValue", -1e6, 1e6, 3, 0.05))
    , m_confidence(makeSpin("confidenceValue", 0.01, 99.99, 2, 1.0))
    , m_share(makeSpin("easyShareValue", 0.0, 100.0, 1, 1.0))
    , m_absolute(new QCheckBox(tr("Absolute: use |gap|")))
    , m_contradictory(new QCheckBox(tr("Contradictory  <")))
    , m_contradictoryValue(makeSpin("contradictoryValue", -1e6, 0.0, 3, 0.05))
    , m_action(new QComboBox)
{
    m_confidence->setSuffix(QStringLiteral(" %"));
    m_share->setSuffix(QStringLiteral(" %"));
    m_absolute->setObjectName(QStringLiteral("absolute"));
    m_absolute->setToolTip(tr("Off (signed): pairs that the reward model ranks against the label are hard.\n"
                              "On: strong disagreement counts as easy, and DPO trains on the label."));
    m_contradictory->setObjectName(QStringLiteral("contradictory"));
    m_contradictory->setToolTip(tr("A third bucket for pairs with a strongly negative gap: often mislabelled"));
    m_action->setObjectName(QStringLiteral("contradictoryAction"));
    m_action->addItem(tr("Treat as hard"), int(ContradictoryAction::TreatAsHard));
    m_action->addItem(tr("Drop them"), int(ContradictoryAction::Drop));
    m_action->addItem(tr("Flip the label, train as easy"), int(ContradictoryAction::Flip));
    m_action->addItem(tr("Keep the label, train as easy"), int(ContradictoryAction::Keep));
    m_action->setToolTip(tr("What is done with contradictory pairs"));

    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(kSpace);
    grid->setVerticalSpacing(kSpace / 2);
    const auto addRow
        = [&](int row, SplitRule::By by, const QString& text, const QString& toolTip, QDoubleSpinBox* spin) {
              auto* radio = new QRadioButton(text);
              radio->setToolTip(toolTip);
              spin->setToolTip(toolTip);
              spin->setAccessibleName(text);
              m_by->addButton(radio, int(by));
              grid->addWidget(radio, row, 0);
              grid->addWidget(spin, row, 1);
              connect(spin, &QDoubleSpinBox::valueChanged, this,
                  [this, by, spin](double value) { Q_EMIT valueEdited(by, spin == m_gap ? value : value / 100.0); });
          };
    addRow(0, SplitRule::By::Gap, tr("Gap  >"),
        tr("Easy: reward gap above this value. Its scale belongs to this reward model."), m_gap);
    addRow(1, SplitRule::By::Confidence, tr("Confidence  >"),
        tr("Easy: σ(gap), the Bradley–Terry probability of the label, above this value"), m_confidence);
    addRow(2, SplitRule::By::EasyShare, tr("Easy share"),
        tr("This share of the scored pairs, those with the largest gaps"), m_share);
    grid->addWidget(m_absolute, 3, 0, 1, 2);
    grid->addWidget(m_contradictory, 4, 0);
    grid->addWidget(m_contradictoryValue, 4, 1);
    grid->addWidget(m_action, 5, 0, 1, 2);
    grid->setColumnStretch(0, 1);

    connect(m_by, &QButtonGroup::idClicked, this, [this](int id) { Q_EMIT byChanged(SplitRule::By(id)); });
    connect(m_absolute, &QCheckBox::toggled, this, &SplitRulePanel::absoluteChanged);
    const auto sendContradictory
        = [this] { Q_EMIT contradictoryChanged(m_contradictory->isChecked(), -m_contradictoryValue->value()); };
    connect(m_contradictory, &QCheckBox::toggled, this, sendContradictory);
    m_contradictoryValue->setAccessibleName(tr("Contradictory below"));
    connect(m_contradictoryValue, &QDoubleSpinBox::valueChanged, this, sendContradictory);
    connect(m_action, &QComboBox::activated, this,
        [this] { Q_EMIT actionChanged(ContradictoryAction(m_action->currentData().toInt())); });
}

void SplitRulePanel::setGapDecimals(int decimals)
{
    for (QDoubleSpinBox* spin : {m_gap, m_contradictoryValue}) {
        const QSignalBlocker blocker(spin); // the value is rounded anew
        spin->setDecimals(decimals);
        spin->setSingleStep(5.0 * std::pow(10.0, 1 - decimals));
    }
}

void SplitRulePanel::showRule(const SplitRule& rule, double threshold, double easyShare)
{
    const QSignalBlocker blockers[] {QSignalBlocker(m_gap), QSignalBlocker(m_confidence), QSignalBlocker(m_share),
        QSignalBlocker(m_absolute), QSignalBlocker(m_contradictory), QSignalBlocker(m_contradictoryValue),
        QSignalBlocker(m_action), QSignalBlocker(m_by)};
    m_by->button(int(rule.by))->setChecked(true);
    m_gap->setValue(threshold);
    m_confidence->setValue(100.0 * confidenceOfGap(threshold));
    m_share->setValue(100.0 * easyShare);
    m_absolute->setChecked(rule.absolute);
    m_contradictory->setChecked(rule.contradictory.has_value());
    if (rule.contradictory)
        m_contradictoryValue->setValue(-*rule.contradictory);
    m_contradictoryValue->setEnabled(rule.contradictory.has_value());
    m_action->setEnabled(rule.contradictory.has_value());
    m_action->setCurrentIndex(m_action->findData(int(rule.action)));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/preset_picker.h"

#include "ui/format.h"
#include "ui/forms/form_combo_box.h"
#include "ui/style.h"

#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

namespace mpo {

namespace {

/// "Small" of "Small: 50 to 700 M".
QString wordOf(const Preset& preset) { return toQString(preset.title.substr(0, preset.title.find(':'))); }

} // namespace

PresetPicker::PresetPicker(StageKind stage, QWidget* parent)
    : QWidget(parent)
    , m_stage(stage)
    , m_combo(new FormComboBox(this))
    , m_proposal(new QPushButton(this))
{
    m_combo->setObjectName(QStringLiteral("preset"));
    m_combo->setAccessibleName(tr("Preset"));
    m_combo->setPlaceholderText(tr("Own settings"));
    m_combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon); // no wider than its form
    m_combo->setMinimumContentsLength(8);
    m_combo->addItem(tr("Defaults"));
    m_combo->setItemData(0, tr("Every setting at its default"), Qt::ToolTipRole);
    for (const Preset& preset : presets()) {
        m_combo->addItem(toQString(preset.title));
        m_combo->setItemData(m_combo->count() - 1, toQString(preset.help), Qt::ToolTipRole);
    }
    m_combo->setToolTip(tr("Settings that suit models of a size; what they change is marked below"));
    m_proposal->setObjectName(QStringLiteral("presetProposal"));
    setRole(m_proposal, "link");
    m_proposal->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addWidget(m_combo);
    layout->addWidget(m_proposal, 0, Qt::AlignLeft);
    connect(m_combo, &QComboBox::activated, this, &PresetPicker::choose);
    connect(m_proposal, &QPushButton::clicked, this, [this] {
        if (m_parameters)
            choose(1 + int(&presetFor(*m_parameters) - presets().data()));
    });
}

void PresetPicker::choose(int index)
{
    if (index == 0)
        Q_EMIT chosen(Settings(m_stage), tr("defaults"));
    else if (index > 0)
        Q_EMIT chosen(presetSettings(presets()[std::size_t(index) - 1], m_stage), m_combo->itemText(index));
}

void PresetPicker::showSettings(const Settings& settings)
{
    const Json values = settings.toJson();
    int index = values == Settings(m_stage).toJson() ? 0 : -1;
    for (std::size_t i = 0; index < 0 && i < presets().size(); ++i)
        if (values == presetSettings(presets()[i], m_stage).toJson())
            index = int(i) + 1;
    const QSignalBlocker blocker(m_combo);
    m_combo->setCurrentIndex(index);
    updateProposal();
}

void PresetPicker::setParameters(std::optional<std::int64_t> parameters)
{
    m_parameters = parameters;
    updateProposal();
}

/// While the defaults stand: who has settings of their own has decided already.
void PresetPicker::updateProposal()
{
    m_proposal->setVisible(m_parameters && m_combo->currentIndex() == 0);
    if (!m_parameters)
        return;
    const Preset& preset = presetFor(*m_parameters);
    m_proposal->setText(tr("Use %1 for this model").arg(wordOf(preset)));
    m_proposal->setToolTip(
        tr("It has %1 parameters. %2").arg(formatLargeCount(double(*m_parameters)), toQString(preset.help)));
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_saving.h"

#include "core/engine/split_name.h"
#include "ui/format.h"
#include "ui/pages/split_command_line.h"
#include "ui/pages/split_loader.h"
#include "ui/pages/split_save_panel.h"
#include "ui/pages/split_work.h"

#include <QFileDialog>

#include <algorithm>
#include <utility>

namespace mpo {

SplitSaving::SplitSaving(
    EngineBridge& bridge, SplitLoader& loader, SplitWork& work, SplitSavePanel& panel, QObject* parent)
    : QObject(parent)
    , m_bridge(bridge)
    , m_loader(loader)
    , m_work(work)
    , m_panel(panel)
{
    connect(&m_panel, &SplitSavePanel::nameChanged, this, [this] {
        m_panel.say({});
        showCommand();
        showInTheWay();
    });
    connect(&m_panel, &SplitSavePanel::saveRequested, this, &SplitSaving::save);
    connect(&m_panel, &SplitSavePanel::undoRequested, this, &SplitSaving::undo);
    connect(&m_panel, &SplitSavePanel::exportRequested, this, &SplitSaving::askExport);
    connect(&m_panel, &SplitSavePanel::scoresRequested, this, &SplitSaving::askScores);
    connect(&m_panel, &SplitSavePanel::copied, this, [this] { Q_EMIT message(tr("Command line copied")); });
    connect(&m_loader, &SplitLoader::failed, this, [this] { m_panel.setExportEnabled(m_data != nullptr); });
    connect(&m_loader, &SplitLoader::exported, this, [this](const QString& sentence) {
        m_panel.setExportEnabled(m_data != nullptr);
        Q_EMIT message(sentence);
    });
    connect(&m_bridge, &EngineBridge::splitSaved, this, [this](const SplitSaved& event) {
        const QString name = toQString(event.name);
        Q_EMIT message(tr("Saved %1: %2 easy, %3 hard pairs")
                           .arg(name, formatCount(event.counts.easy), formatCount(event.counts.hard)));
        Q_EMIT savedChanged();
        const bool replaced = m_replaced && m_replaced->name == event.name;
        m_panel.say(replaced ? tr("Saved; the former %1 is replaced.").arg(name)
                             : tr("Saved as %1. Next: DPO on the easy pairs.").arg(name));
        m_panel.offerUndo(replaced);
    });
    connect(&m_work, &SplitWork::ended, this, [this](SplitWork::Kind kind, const QString& problem) {
        m_panel.setSaveEnabled(m_data != nullptr);
        if (kind == SplitWork::Kind::Split && !problem.isEmpty())
            m_panel.say(problem);
    });
}

void SplitSaving::show(std::shared_ptr<const SplitData> data, const SplitRule& rule)
{
    const bool other = bool(data) != bool(m_data) || (data && data->scoreSet != m_data->scoreSet);
    m_data = std::move(data);
    m_rule = rule;
    if (other) {
        m_panel.setSaveEnabled(m_data != nullptr);
        m_panel.setExportEnabled(m_data != nullptr);
        refresh();
    }
    m_panel.say({});
    showCommand();
    showInTheWay();
}

void SplitSaving::refresh()
{
    m_splits = m_bridge.project().splits();
    if (m_data)
        m_panel.setProposal(toQString(m_bridge.project().freeName(m_data->dataset + "-split")));
    showInTheWay();
}

SplitPairs SplitSaving::command() const
{
    SplitPairs command;
    command.data = m_data->dataset;
    command.scoreSet = m_data->scoreSet;
    command.rule = m_rule;
    command.name = m_panel.name().toStdString();
    command.edits = m_data->edits.revision;
    return command;
}

void SplitSaving::showCommand()
{
    m_panel.showCommand(
        m_data ? splitCommandLine(command(), m_bridge.project().folder(), true) : QString(), commandLine());
}

QString SplitSaving::commandLine() const
{
    return m_data ? splitCommandLine(command(), m_bridge.project().folder()) : QString();
}

const SplitRow* SplitSaving::inTheWay() const
{
    if (!m_data)
        return nullptr;
    const SplitPairs wanted = command();
    const auto found
        = std::find_if(m_splits.begin(), m_splits.end(), [&](const SplitRow& row) { return row.name == wanted.name; });
    return found != m_splits.end() && !makesAgain(wanted, *found, wanted.edits) ? &*found : nullptr;
}

void SplitSaving::showInTheWay()
{
    const SplitRow* row = inTheWay();
    m_panel.setReplaces(row
            ? tr("%1 is saved already, %2. This replaces it.").arg(toQString(row->name), toQString(splitText(*row)))
            : QString());
}

void SplitSaving::save()
{
    if (!m_data || !m_panel.saveEnabled())
        return;
    m_replaced.reset();
    if (const SplitRow* row = inTheWay())
        m_replaced = *row;
    m_panel.setSaveEnabled(false);
    if (m_bridge.busy())
        m_panel.say(tr("The split is saved as soon as the running command has finished."));
    m_work.save(command());
}

void SplitSaving::undo()
{
    if (!m_replaced)
        return;
    try {
        const SplitRow former = *std::exchange(m_replaced, std::nullopt);
        m_bridge.project().addSplit(former);
        Q_EMIT savedChanged();
        m_panel.say(tr("The former %1 is back.").arg(toQString(former.name)));
    } catch (const std::exception& error) {
        m_panel.say(toQString(error.what()));
    }
}

void SplitSaving::askExport()
{
    const QString file
        = QFileDialog::getSaveFileName(&m_panel, tr("Export the easy pairs; the hard ones go beside them"),
            m_panel.nameOrProposal() + QStringLiteral("-easy.jsonl"), tr("JSON lines (*.jsonl)"));
    if (file.isEmpty())
        return;
    QString base = file;
    if (base.endsWith(QLatin1String(".jsonl")))
        base.chop(6);
    if (base.endsWith(QLatin1String("-easy")))
        base.chop(5);
    exportTo(base + QStringLiteral("-easy.jsonl"), base + QStringLiteral("-hard.jsonl"));
}

void SplitSaving::exportTo(const QString& easyFile, const QString& hardFile)
{
    if (!m_data)
        return;
    m_panel.setExportEnabled(false);
    m_loader.exportSplit(m_data, m_rule, easyFile, hardFile);
}

void SplitSaving::askScores()
{
    if (!m_data)
        return;
    QString file = QFileDialog::getSaveFileName(&m_panel, tr("Export the scores of all pairs"),
        toQString(m_data->scoreSet) + QStringLiteral(".csv"), tr("CSV (*.csv)"));
    if (file.isEmpty())
        return;
    if (!file.endsWith(QLatin1String(".csv")))
        file += QStringLiteral(".csv");
    exportScoresTo(file);
}

void SplitSaving::exportScoresTo(const QString& file)
{
    if (!m_data)
        return;
    m_panel.setExportEnabled(false);
    m_loader.exportScores(m_data, m_rule, file);
}

} // namespace mpo

// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_editor.h"

#include "core/support/login_name.h"
#include "ui/format.h"

#include <QShortcut>
#include <QWidget>

#include <utility>

namespace mpo {

SplitEditor::SplitEditor(Project& project, QWidget* page)
    : QObject(page)
    , m_project(project)
{
    for (const auto& [keys, slot] : {std::pair(QKeySequence(Qt::CTRL | Qt::Key_Z), &SplitEditor::undo),
             std::pair(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), &SplitEditor::redo)}) {
        auto* shortcut = new QShortcut(keys, page);
        shortcut->setContext(Qt::WidgetWithChildrenShortcut);
        connect(shortcut, &QShortcut::activated, this, slot);
    }
}

void SplitEditor::setDataset(const std::string& name) { m_dataset = name; }

void SplitEditor::edit(PairEdit edit, const std::vector<std::int64_t>& pairs)
{
    change([&] { return m_project.editPairs(m_dataset, edit, pairs, loginName()); });
}

void SplitEditor::undo()
{
    change([this] { return m_project.undoPairEdit(m_dataset, loginName()); });
}

void SplitEditor::redo()
{
    change([this] { return m_project.redoPairEdit(m_dataset, loginName()); });
}

void SplitEditor::change(const std::function<std::optional<PairChange>()>& make)
{
    if (m_dataset.empty() || m_project.access() != Project::Access::ReadWrite)
        return;
    try {
        const std::optional<PairChange> made = make();
        if (!made)
            return;
        Q_EMIT changed();
        const QString what = made->edit == PairEdit::Flip ? tr("flipped")
            : made->edit == PairEdit::Drop                ? tr("dropped")
                                                          : tr("as in the data again");
        const QString pairs = made->pairs.size() == 1 ? tr("Pair %1").arg(formatCount(made->pairs.front() + 1))
                                                      : tr("%1 pairs").arg(formatCount(qint64(made->pairs.size())));
        Q_EMIT message(made->kind == PairChange::Kind::Undo ? tr("Taken back: %1 %2").arg(pairs, what)
                : made->kind == PairChange::Kind::Redo      ? tr("Made again: %1 %2").arg(pairs, what)
                                                            : tr("%1 %2. Ctrl+Z takes it back.").arg(pairs, what));
    } catch (const std::exception& error) {
        Q_EMIT message(toQString(error.what()));
    }
}

} // namespace mpo

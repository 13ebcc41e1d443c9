// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/split_edit_log.h"

#include "ui/format.h"
#include "ui/pages/split_side_column.h"
#include "ui/style.h"

#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QStandardItemModel>
#include <QTableView>

namespace mpo {

namespace {

enum Column { Number, When, Who, What, Pairs };

QString wordsOf(PairEdit edit)
{
    return edit == PairEdit::Flip ? SplitEditLog::tr("flipped")
        : edit == PairEdit::Drop  ? SplitEditLog::tr("dropped")
                                  : SplitEditLog::tr("kept as in the data");
}

QString wordsOf(const PairChange& change)
{
    switch (change.kind) {
    case PairChange::Kind::Edit:
        return wordsOf(change.edit);
    case PairChange::Kind::Undo:
        return SplitEditLog::tr("undo of %1 (%2)").arg(QString::number(change.of), wordsOf(change.edit));
    case PairChange::Kind::Redo:
        return SplitEditLog::tr("redo of %1 (%2)").arg(QString::number(change.of), wordsOf(change.edit));
    }
    return {};
}

} // namespace

SplitEditLog::SplitEditLog(QWidget* parent)
    : QWidget(parent)
    , m_model(new QStandardItemModel(this))
    , m_table(new QTableView)
    , m_text(makeHint({}))
    , m_undo(new QPushButton(tr("Undo   [Ctrl+Z]")))
    , m_redo(new QPushButton(tr("Redo   [Ctrl+Shift+Z]")))
{
    m_model->setHorizontalHeaderLabels({tr("Entry"), tr("When"), tr("Who"), tr("What"), tr("Pairs")});
    m_table->setObjectName(QStringLiteral("editLog"));
    m_table->setAccessibleName(tr("Log of edits"));
    m_table->setModel(m_model);
    setTableLook(m_table);
    m_table->setColumnWidth(Number, 56);
    m_table->setColumnWidth(When, 104);
    m_table->setColumnWidth(Who, 72);
    m_table->setColumnWidth(What, 152);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setToolTip(tr("Double click: list the pairs of an entry"));
    m_text->setObjectName(QStringLiteral("editText"));
    m_undo->setObjectName(QStringLiteral("undoEdit"));
    m_redo->setObjectName(QStringLiteral("redoEdit"));
    connect(m_undo, &QPushButton::clicked, this, &SplitEditLog::undoRequested);
    connect(m_redo, &QPushButton::clicked, this, &SplitEditLog::redoRequested);
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex& index) {
        const PairChange& change = m_log[std::size_t(index.row())];
        Q_EMIT pairsRequested(change.pairs, tr("Pairs of entry %1").arg(change.number));
    });

    layOutWithSideColumn(this, m_table, {m_text}, {m_undo, m_redo});
    updateState();
}

void SplitEditLog::showLog(std::vector<PairChange> log)
{
    m_log = std::move(log);
    m_model->removeRows(0, m_model->rowCount());
    for (const PairChange& change : m_log) {
        const QString numbers = toQString(pairNumbersText(change.pairs));
        QList<QStandardItem*> row;
        for (const QString& text : {QString::number(change.number), formatTime(change.created), toQString(change.who),
                 wordsOf(change), numbers.left(400)}) // more does not fit a line
            row << new QStandardItem(text);
        row[Number]->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        row[When]->setToolTip(toQString(change.created));
        m_model->appendRow(row);
    }
    m_table->scrollToBottom();
    updateState();
}

void SplitEditLog::setEditable(bool on)
{
    m_editable = on;
    updateState();
}

void SplitEditLog::updateState()
{
    const PairEdits edits = editsAfter(m_log);
    m_undo->setEnabled(m_editable && undoable(m_log).has_value());
    m_redo->setEnabled(m_editable && redoable(m_log).has_value());
    m_text->setText(m_log.empty()
            ? tr("Nothing was edited yet. Select pairs in the first tab and flip a wrong label, or drop a pair that "
                 "teaches nothing.\n\nThe data set itself is never changed.")
            : tr("Now %1 flipped and %2 dropped.\n\nSplits saved from now on take that in; those saved before, and the "
                 "data set, stay as they are.")
                  .arg(formatCount(qint64(edits.flipped.size())), formatCount(qint64(edits.dropped.size()))));
}

} // namespace mpo

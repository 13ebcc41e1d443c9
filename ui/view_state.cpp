// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/view_state.h"

#include "ui/page.h"

#include <QAbstractButton>
#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QSlider>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>

#include <cstdlib>

namespace mpo {

namespace {

constexpr char kKept[] = "keptState";

const Page* pageOf(const QWidget* widget)
{
    for (const QWidget* at = widget->parentWidget(); at; at = at->parentWidget())
        if (const auto* page = qobject_cast<const Page*>(at))
            return page;
    return nullptr;
}

QJsonValue stateOf(const QWidget* widget)
{
    if (const auto* splitter = qobject_cast<const QSplitter*>(widget))
        return QString::fromLatin1(splitter->saveState().toBase64());
    if (const auto* tabs = qobject_cast<const QTabWidget*>(widget))
        return tabs->currentIndex();
    if (const auto* combo = qobject_cast<const QComboBox*>(widget))
        return combo->currentIndex();
    if (const auto* button = qobject_cast<const QAbstractButton*>(widget))
        return button->isChecked();
    if (const auto* slider = qobject_cast<const QSlider*>(widget))
        return slider->value();
    if (const auto* edit = qobject_cast<const QLineEdit*>(widget))
        return edit->text();
    if (const auto* table = qobject_cast<const QTableView*>(widget)) {
        const QHeaderView* header = table->horizontalHeader();
        const int section = 1 + header->sortIndicatorSection(); // negative: descending
        return header->sortIndicatorOrder() == Qt::DescendingOrder ? -section : section;
    }
    return {};
}

void setState(QWidget* widget, const QJsonValue& state)
{
    if (auto* splitter = qobject_cast<QSplitter*>(widget)) {
        splitter->restoreState(QByteArray::fromBase64(state.toString().toLatin1()));
    } else if (auto* tabs = qobject_cast<QTabWidget*>(widget)) {
        if (tabs->isTabVisible(state.toInt(-1)))
            tabs->setCurrentIndex(state.toInt());
    } else if (auto* combo = qobject_cast<QComboBox*>(widget)) {
        const int index = state.toInt(-1);
        if (index < 0 || index >= combo->count() || index == combo->currentIndex())
            return;
        combo->setCurrentIndex(index);
        Q_EMIT combo->activated(index);
    } else if (auto* button = qobject_cast<QAbstractButton*>(widget)) {
        button->setChecked(state.toBool(button->isChecked()));
    } else if (auto* slider = qobject_cast<QSlider*>(widget)) {
        slider->setValue(state.toInt(slider->value()));
    } else if (auto* edit = qobject_cast<QLineEdit*>(widget)) {
        edit->setText(state.toString());
    } else if (auto* table = qobject_cast<QTableView*>(widget)) {
        const int section = std::abs(state.toInt()) - 1;
        if (section >= 0 && section < table->horizontalHeader()->count())
            table->sortByColumn(section, state.toInt() < 0 ? Qt::DescendingOrder : Qt::AscendingOrder);
    }
}

/// Calls `each(widget, name)` for the kept widgets of the page itself.
template<class Each>
void forKept(const Page& page, const Each& each)
{
    for (QWidget* widget : page.findChildren<QWidget*>())
        if (const QVariant name = widget->property(kKept); name.isValid() && pageOf(widget) == &page)
            each(widget, name.toString());
}

} // namespace

void keepState(QWidget* widget, const char* name) { widget->setProperty(kKept, QString::fromLatin1(name)); }

QJsonObject viewState(const Page& page)
{
    QJsonObject kept;
    forKept(page, [&](const QWidget* widget, const QString& name) { kept[name] = stateOf(widget); });
    return {{QStringLiteral("kept"), kept}, {QStringLiteral("choices"), page.choices()}};
}

void restoreViewState(Page& page, const QJsonObject& state)
{
    const QJsonObject kept = state[QStringLiteral("kept")].toObject();
    forKept(page, [&](QWidget* widget, const QString& name) {
        if (kept.contains(name))
            setState(widget, kept[name]);
    });
    if (const QJsonObject choices = state[QStringLiteral("choices")].toObject(); !choices.isEmpty())
        page.restoreChoices(choices);
}

} // namespace mpo

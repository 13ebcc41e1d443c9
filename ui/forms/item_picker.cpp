// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/item_picker.h"

#include "core/store/project.h"
#include "ui/format.h"
#include "ui/forms/form_combo_box.h"
#include "ui/style.h"

#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QToolButton>

#include <algorithm>

namespace mpo {

namespace {

/// "sft  ·  ~/models": what tells a folder from others comes first.
QString pathText(const QString& path)
{
    if (!QDir::isAbsolutePath(path))
        return path;
    const QFileInfo info(QDir::cleanPath(path));
    return info.fileName() + QStringLiteral("  ·  ") + formatFolder(info.path());
}

} // namespace

ItemPicker::ItemPicker(Browse browse, QWidget* parent)
    : QWidget(parent)
    , m_combo(new FormComboBox(this))
    , m_browse(browse)
{
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    layout->addWidget(m_combo, 1);
    m_combo->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_combo->setMinimumContentsLength(10);
    setFocusProxy(m_combo);
    if (browse != Browse::No) {
        auto* button = new QToolButton(this);
        button->setIcon(themedIcon(QStringLiteral("folder"), QColor(0x7D, 0x88, 0x96)));
        button->setToolTip(browse == Browse::Folder ? tr("Browse for a folder…")
                : browse == Browse::File            ? tr("Browse for a file…")
                                                    : tr("Browse for a folder or file…"));
        button->setAccessibleName(button->toolTip());
        layout->addWidget(button);
        if (browse == Browse::FolderOrFile) {
            auto* menu = new QMenu(button);
            connect(menu->addAction(tr("Folder of a model…")), &QAction::triggered, this,
                [this] { this->browse(Browse::Folder); });
            connect(menu->addAction(tr("File with responses…")), &QAction::triggered, this,
                [this] { this->browse(Browse::File); });
            button->setMenu(menu);
            button->setPopupMode(QToolButton::InstantPopup);
            button->setStyleSheet(QStringLiteral("QToolButton::menu-indicator { image: none; width: 0; }"));
        } else {
            connect(button, &QToolButton::clicked, this, [this, browse] { this->browse(browse); });
        }
    }
    connect(m_combo, &QComboBox::currentIndexChanged, this, [this] {
        m_combo->setToolTip(QDir::isAbsolutePath(value()) ? formatFolder(value()) : m_combo->currentText());
        Q_EMIT changed(value());
    });
}

/// The list is what takes the focus: it is called as the picker is, or as the label beside it.
void ItemPicker::showEvent(QShowEvent* event)
{
    QString name = accessibleName();
    if (name.isEmpty() && parentWidget())
        for (const QLabel* label : parentWidget()->findChildren<QLabel*>())
            if (label->buddy() == this)
                name = label->text().remove(QLatin1Char('&'));
    m_combo->setAccessibleName(name);
    QWidget::showEvent(event);
}

void ItemPicker::setItems(const std::vector<PickerItem>& items)
{
    const QString before = value();
    {
        const QSignalBlocker blocker(m_combo);
        m_combo->clear();
        if (m_hasOptional)
            m_combo->addItem(m_optional, QString());
        for (const PickerItem& item : items) {
            const QString text = item.text.isEmpty() ? item.value : item.text;
            m_combo->addItem(item.detail.isEmpty() ? text : text + QStringLiteral("  ·  ") + item.detail, item.value);
        }
        const int index = before.isEmpty() ? -1 : m_combo->findData(before);
        if (index >= 0)
            m_combo->setCurrentIndex(index);
        else if (before.contains(QLatin1Char('/'))) {
            m_combo->addItem(pathText(before), before); // a path from outside stays chosen
            m_combo->setCurrentIndex(m_combo->count() - 1);
        } else
            m_combo->setCurrentIndex(m_combo->count() > 0 ? 0 : -1);
        m_combo->setEnabled(m_combo->count() > 0 || m_browse != Browse::No);
    }
    if (value() != before)
        Q_EMIT changed(value());
}

void ItemPicker::setOptional(const QString& text)
{
    m_optional = text;
    const QSignalBlocker blocker(m_combo);
    if (std::exchange(m_hasOptional, true))
        m_combo->setItemText(0, text);
    else
        m_combo->insertItem(0, text, QString());
}

void ItemPicker::setPlaceholder(const QString& text) { m_combo->setPlaceholderText(text); }

QString ItemPicker::value() const
{
    return m_combo->currentIndex() < 0 ? QString() : m_combo->currentData().toString();
}

void ItemPicker::setValue(const QString& value)
{
    int index = m_combo->findData(value);
    if (index < 0 && value.contains(QLatin1Char('/'))) {
        m_combo->addItem(pathText(value), value);
        index = m_combo->count() - 1;
    }
    if (index >= 0)
        m_combo->setCurrentIndex(index);
}

void ItemPicker::browse(Browse what)
{
    const QString path = what == Browse::Folder ? QFileDialog::getExistingDirectory(this, tr("Choose a folder"))
                                                : QFileDialog::getOpenFileName(this, tr("Choose a file"));
    if (!path.isEmpty())
        setValue(path);
}

std::vector<PickerItem> datasetItems(const Project& project, std::span<const DatasetKind> kinds)
{
    std::vector<PickerItem> items;
    for (const DatasetRow& row : project.datasets()) {
        if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), row.kind) == kinds.end())
            continue;
        const char* unit = row.kind == DatasetKind::Pairs ? "pairs"
            : row.kind == DatasetKind::Completions        ? "responses"
                                                          : "prompts";
        items.push_back(
            {toQString(row.name), {}, QStringLiteral("%1 %2").arg(formatCount(row.pairs), QLatin1String(unit))});
    }
    return items;
}

std::vector<PickerItem> modelItems(const Project& project, const QString& kind)
{
    std::vector<PickerItem> items;
    for (const ModelRow& row : project.models())
        if (kind.isEmpty() || toQString(row.kind) == kind)
            items.push_back({toQString(row.name), {}, formatLargeCount(double(row.parameters))});
    return items;
}

std::vector<PickerItem> scoreSetItems(const Project& project, const QString& dataset)
{
    std::vector<PickerItem> items;
    for (const ScoreSetRow& row : project.scoreSets())
        if (dataset.isEmpty() || toQString(row.dataset) == dataset)
            items.push_back({toQString(row.name), {},
                QObject::tr("%1 pairs by %2").arg(formatCount(row.pairs), toQString(row.rewardModel))});
    return items;
}

std::vector<PickerItem> splitItems(const Project& project, const QString& dataset)
{
    std::vector<PickerItem> items;
    for (const SplitRow& row : project.splits()) {
        if (!dataset.isEmpty() && toQString(row.dataset) != dataset)
            continue;
        const SplitCounts counts = row.split.counts();
        items.push_back({toQString(row.name), {},
            QObject::tr("%1 easy, %2 hard").arg(formatCount(counts.easy), formatCount(counts.hard))});
    }
    return items;
}

} // namespace mpo

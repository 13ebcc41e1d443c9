// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <QString>
#include <QWidget>

#include <span>
#include <vector>

class QComboBox;

namespace mpo {

class Project;

/// One choice in a menu of things of the project.
struct PickerItem
{
    QString value; ///< what goes into a command: a name or a path
    QString text; ///< what is shown, if not the value
    QString detail; ///< muted, behind it: "1,200 pairs"
};

/// A menu of things by name, and "Browse..." for a folder or file outside of the project.
class ItemPicker : public QWidget
{
    Q_OBJECT
public:
    enum class Browse { No, Folder, File, FolderOrFile };
    explicit ItemPicker(Browse browse = Browse::No, QWidget* parent = nullptr);

    void setItems(const std::vector<PickerItem>& items); ///< keeps the choice where it still exists
    void setOptional(const QString& text); ///< a first entry with the empty value: "None"
    void setPlaceholder(const QString& text); ///< shown while there is nothing to choose
    QString value() const;
    void setValue(const QString& value); ///< a path that is not in the list is added

Q_SIGNALS:
    void changed(const QString& value); ///< by the user or setValue

protected:
    void showEvent(QShowEvent* event) override;

private:
    void browse(Browse what);

    QComboBox* m_combo = nullptr;
    Browse m_browse;
    QString m_optional, m_placeholder;
    bool m_hasOptional = false;
};

/// What the store has, newest first.
std::vector<PickerItem> datasetItems(
    const Project& project, std::span<const DatasetKind> kinds = {}); ///< no kinds: all
std::vector<PickerItem> modelItems(
    const Project& project, const QString& kind = {}); ///< kind: "policy", "reward" or all
std::vector<PickerItem> scoreSetItems(const Project& project, const QString& dataset = {});
std::vector<PickerItem> splitItems(const Project& project, const QString& dataset = {});

} // namespace mpo

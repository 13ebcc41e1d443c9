// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QTextBrowser;

namespace mpo {

struct PreferencePair;

/// A pair for reading: the prompt above, chosen and rejected side by side below it.
class PairView : public QWidget
{
    Q_OBJECT
public:
    explicit PairView(QWidget* parent = nullptr);

    void setPair(const PreferencePair& pair);
    void setNote(const QString& note); ///< small line above: "Pair 12 · gap 0.31"; empty: none
    void clear(const QString& sentence);

private:
    void showTexts(const QString& prompt, const QString& chosen, const QString& rejected);

    QLabel* m_note = nullptr;
    QLabel* m_empty = nullptr;
    QWidget* m_body = nullptr;
    QTextBrowser* m_prompt = nullptr;
    QTextBrowser* m_chosen = nullptr;
    QTextBrowser* m_rejected = nullptr;
};

} // namespace mpo

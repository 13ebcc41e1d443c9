// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QElapsedTimer>
#include <QRectF>
#include <QTimer>
#include <QWidget>

#include <optional>

class QCPAxis;
class QCustomPlot;
class QLabel;
class QMenu;

namespace mpo {

/// What all charts share: colours of the theme (read again when it changes), queued replots at most 15 a second, a
/// sentence in place of an empty chart, box zoom with double click to reset, and a context menu that saves PNG, SVG and
/// CSV.
class Chart : public QWidget
{
    Q_OBJECT
public:
    explicit Chart(QWidget* parent = nullptr);
    ~Chart() override;

    QCustomPlot* plot() const { return m_plot; }

    void setTitle(const QString& title, const QString& toolTip = {}); ///< small heading above the plot; empty: none
    void setEmptyText(const QString& sentence); ///< shown while isEmpty()
    void setNote(const QString& richText); ///< muted, at the right end of the title
    void setWarning(const QString& sentence); ///< marks the title; empty: none
    void replotSoon(); ///< cheap: call it for every change
    void replotNow(); ///< for dragging and tests

    bool savePng(const QString& file, int scale = 2);
    bool saveSvg(const QString& file);
    bool saveCsv(const QString& file) const;

    std::optional<QRectF> zoom() const; ///< the box that the user looks at, lowest x and y first; empty: everything
    void setZoom(const QRectF& box);
    void showAll();

Q_SIGNALS:
    void zoomReset();

protected:
    virtual bool isEmpty() const = 0;
    virtual QString csv() const = 0; ///< what is drawn, with a heading line
    virtual void resetView() = 0; ///< ranges that show all data
    virtual void applyColours(); ///< base: background, axes, grid, font
    virtual void beforeReplot() { } ///< last moment to prepare what is drawn
    virtual void fillContextMenu(QMenu& menu) { Q_UNUSED(menu) }
    virtual void moveCursor(int steps) { Q_UNUSED(steps) } ///< by the arrow keys, where there is one
    void setBoxZoom(bool on); ///< on by default; off where dragging means something else
    bool zoomed() const { return m_zoomed; } ///< by the user: do not rescale then

    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void showContextMenu(const QPoint& position);
    void zoomBy(double factor); ///< along x, about its middle
    void saveAs(const QString& kind);
    void styleAxis(QCPAxis* axis);

    QLabel* m_title = nullptr;
    QLabel* m_note = nullptr;
    QLabel* m_warning = nullptr;
    QLabel* m_empty = nullptr;
    QCustomPlot* m_plot = nullptr;
    QTimer m_replotTimer;
    QElapsedTimer m_sinceReplot;
    bool m_zoomed = false;
    bool m_boxZoom = true;
    bool m_ring = false; ///< the focus came from the keyboard
    bool m_stale = false; ///< changed while out of sight
};

} // namespace mpo

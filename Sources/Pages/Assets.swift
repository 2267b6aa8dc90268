/// The files that pages load.
package enum Assets {
    package static let style = PackageResources.page_css
    package static let icon = PackageResources.icon_svg
    package static let script = PackageResources.page_js
}

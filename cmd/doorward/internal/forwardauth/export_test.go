package forwardauth

// HeaderText is one item of a header.
var HeaderText = headerText

// Package pysettings reads the settings of a Flask application from its Python
// source without running it. It understands plain assignments of literals, in a
// module, in a class or in a function that fills app.config, and what people
// write around them: names assigned before, arithmetic, timedelta, variables of
// the environment. Everything else is reported with its line, and never guessed.
//
// The source is a stranger's. What is read, nested and computed is bounded, and
// no report repeats what may be a secret.
package pysettings
